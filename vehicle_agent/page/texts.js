// Every word of the car's page, in the two languages it speaks.
export const texts = {
  "zh-Hant-TW": {
    connected: "已連線", offline: "離線（資料已存車上）", refused: "連線憑證遭拒，請聯絡勤務中心",
    taken_over: "另一裝置使用本車憑證", fix: "定位正常", nofix: "無定位", waiting: (n) => `待送 ${n}`,
    none: "目前沒有派遣任務", acknowledged: "收到", en_route: "出發", on_scene: "到達", cleared: "結案",
    declined: "無法前往", priority: (n) => `優先 ${n}`, eta: (m) => `約 ${m} 分鐘`, received: "報案",
    available: "巡邏中", unavailable: "暫停勤務", sos: "緊急求援（按住 2 秒）", sosOn: "求援中！按住 2 秒解除",
    declineTitle: "無法前往的原因", back: "返回", seen: "知道了", ended: "任務結束", refusedMessage: "未被接受",
    failed: "操作未成功，請再按一次",
    reasons: ["正在處理其他案件", "車輛故障", "路途受阻", "距離過遠"],
    endReasons: { cancelled: "已取消", reassigned: "改派他車", closed: "已結束" },
    categories: { criminal: "刑案", public_order: "治安", traffic: "交通", traffic_accident: "交通事故", disaster: "災害", service: "為民服務", other: "其他" },
    day: "日間", night: "夜間", otherLanguage: "English", title: "巡邏車",
  },
  en: {
    connected: "Connected", offline: "Offline (kept in the car)", refused: "Token refused, call the control room",
    taken_over: "Another device uses this car's token", fix: "Position good", nofix: "No position", waiting: (n) => `${n} to send`,
    none: "No order at present", acknowledged: "Received", en_route: "Under way", on_scene: "Arrived", cleared: "Cleared",
    declined: "Cannot go", priority: (n) => `Priority ${n}`, eta: (m) => `about ${m} min`, received: "Call",
    available: "On patrol", unavailable: "Out of service", sos: "SOS (hold 2 s)", sosOn: "SOS ON! Hold 2 s to end",
    declineTitle: "Why can't you go?", back: "Back", seen: "Seen", ended: "Order ended", refusedMessage: "Not accepted",
    failed: "That did not work, press again",
    reasons: ["Busy with another incident", "Vehicle fault", "Road blocked", "Too far"],
    endReasons: { cancelled: "cancelled", reassigned: "given to another car", closed: "closed" },
    categories: { criminal: "Crime", public_order: "Public order", traffic: "Traffic", traffic_accident: "Traffic accident", disaster: "Disaster", service: "Service", other: "Other" },
    day: "Day", night: "Night", otherLanguage: "中文", title: "Patrol car",
  },
};
