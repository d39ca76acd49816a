// The car's page: polls the agent's state, shows it, and sends the crew's presses. Text goes in as text, never as HTML.
import { texts } from "/texts.js";

const POLL_MS = 1000;
const HOLD_MS = 2000;
const NEXT = { none: "acknowledged", acknowledged: "en_route", en_route: "on_scene", on_scene: "cleared" };
const CAN_DECLINE = new Set(["none", "acknowledged", "en_route"]);
const FINAL = new Set(["cleared", "declined"]);

const $ = (id) => document.getElementById(id);
const seen = new Set(JSON.parse(sessionStorage.getItem("seen") ?? "[]"));
let language = localStorage.getItem("language") ?? "zh-Hant-TW";
let night = localStorage.getItem("night") === "true";
let state = null;
let shown = "";
let failed = false;
let declining = null;
const t = () => texts[language];

function element(tag, text, kind, press) {
  const made = document.createElement(tag);
  made.textContent = text ?? "";
  if (kind) made.className = kind;
  if (press) {
    made.type = "button";
    made.addEventListener("click", press);
  }
  return made;
}

async function press(path, body) {
  try {
    const answer = await fetch(path, {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
    });
    failed = !answer.ok;
  } catch {
    failed = true;
  }
  await poll();
}

const step = (id, status, more) => press("/api/step", { assignment_id: id, status, ...more });

function orderCard(order) {
  const words = t();
  const incident = order.incident;
  const card = element("section", "", `order p${incident.priority}`);
  const category = words.categories[incident.category] ?? incident.category;
  card.append(element("h2", `${words.priority(incident.priority)} · ${category} · ${incident.number}`));
  card.append(element("p", incident.summary));
  if (incident.address) card.append(element("p", incident.address));
  if (incident.caller_note) card.append(element("p", incident.caller_note));
  const at = new Date(incident.received_ms).toLocaleTimeString(language, { timeZone: "Asia/Taipei", hour12: false });
  const eta = order.eta_s == null ? "" : ` · ${words.eta(Math.max(1, Math.round(order.eta_s / 60)))}`;
  card.append(element("p", `${words.received} ${at}${eta}`));
  const steps = element("div", "", "steps");
  const now = order.step ?? "none";
  if (NEXT[now]) steps.append(element("button", words[NEXT[now]], "go", () => step(order.assignment_id, NEXT[now])));
  if (CAN_DECLINE.has(now)) steps.append(element("button", words.declined, "", () => askReason(order.assignment_id)));
  card.append(steps);
  return card;
}

function askReason(id) {
  declining = id;
  const words = t();
  $("decline-title").textContent = words.declineTitle;
  $("decline-back").textContent = words.back;
  $("decline-reasons").replaceChildren(
    ...words.reasons.map((reason) => element("button", reason, "", () => {
      $("decline").close();
      step(declining, "declined", { reason });
    })),
  );
  $("decline").showModal();
}

function message(key, text, kind) {
  const line = element("div", "", `message ${kind}`);
  line.append(element("span", text), element("button", t().seen, "small", () => {
    seen.add(key);
    sessionStorage.setItem("seen", JSON.stringify([...seen].slice(-200)));
    shown = "";
    draw();
  }));
  return line;
}

function messages() {
  const words = t();
  const all = [
    ...state.notices.map((n) => [`n${n.at_ms}${n.text}`, n.text, n.level]),
    ...state.ended.filter((e) => !FINAL.has(e.step)).map((e) => [
      `e${e.assignment_id}`, `${words.ended} ${e.number}: ${words.endReasons[e.reason] ?? e.reason}`, "warning",
    ]),
    ...state.rejected.filter((r) => r.type !== "fix").map((r) => [
      `r${r.at_ms}-${r.seq}`, `${words.refusedMessage}: ${words[r.status] ?? r.type ?? ""} (${r.message})`, "rejected",
    ]),
  ];
  return all.filter(([key]) => !seen.has(key)).map((entry) => message(...entry));
}

function draw() {
  const words = t();
  document.documentElement.lang = language;
  document.documentElement.classList.toggle("night", night);
  document.title = words.title;
  $("language").textContent = words.otherLanguage;
  $("theme").textContent = night ? words.day : words.night;
  if (!state) return;
  const link = state.connected ? "connected" : state.link === "refused" || state.link === "taken_over" ? state.link : "offline";
  $("unit").textContent = state.unit_name ?? words.title;
  $("link").textContent = words[link];
  $("link").classList.toggle("bad", !state.connected);
  $("gnss").textContent = state.fix ? words.fix : words.nofix;
  $("gnss").classList.toggle("bad", !state.fix);
  $("waiting").textContent = state.waiting > 5 ? words.waiting(state.waiting) : "";
  $("available").textContent = state.available ? words.available : words.unavailable;
  $("available").setAttribute("aria-pressed", String(state.available));
  $("sos-text").textContent = state.sos_active ? words.sosOn : words.sos;
  $("sos").classList.toggle("active", state.sos_active);
  // Cards are drawn anew only when something on them changed, so that no button moves away under a finger.
  const fingerprint = JSON.stringify([state.orders, state.notices, state.ended, state.rejected, language, failed]);
  if (fingerprint === shown) return;
  shown = fingerprint;
  const open = state.orders.filter((order) => !FINAL.has(order.step));
  $("orders").replaceChildren(...(open.length ? open.map(orderCard) : [element("p", words.none)]));
  const trouble = failed ? [element("div", words.failed, "message rejected")] : [];
  $("messages").replaceChildren(...trouble, ...messages());
}

async function poll() {
  try {
    const answer = await fetch("/api/state");
    state = await answer.json();
  } catch {
    if (state) state = { ...state, connected: false, link: "offline" };
  }
  draw();
}

let holding = 0;
function release() {
  clearTimeout(holding);
  $("sos").classList.remove("held");
}
function hold(event) {
  if (event.type === "keydown" && (event.repeat || (event.key !== " " && event.key !== "Enter"))) return;
  release();
  $("sos").classList.add("held");
  holding = setTimeout(() => {
    release();
    press("/api/sos", { active: !(state?.sos_active ?? false) });
  }, HOLD_MS);
}
$("sos").addEventListener("pointerdown", hold);
$("sos").addEventListener("keydown", hold);
for (const end of ["pointerup", "pointerleave", "pointercancel", "keyup", "blur"]) $("sos").addEventListener(end, release);
$("sos").addEventListener("contextmenu", (event) => event.preventDefault());

$("available").addEventListener("click", () => press("/api/availability", { available: !state.available }));
$("language").addEventListener("click", () => {
  language = language === "en" ? "zh-Hant-TW" : "en";
  localStorage.setItem("language", language);
  draw();
});
$("theme").addEventListener("click", () => {
  night = !night;
  localStorage.setItem("night", String(night));
  draw();
});

draw();
poll();
setInterval(poll, POLL_MS);
