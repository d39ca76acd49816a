"""What the clock measures, in the words in which a report says it. The rule itself is dispatch/domain/kpi.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from dispatch.reports.words import Language

DEFINITION: Final[Mapping[Language, Sequence[str]]] = {
    "zh-TW": (
        "到達時間自起算點（受理報案，或派遣第一個警力）起，至第一個警力到達現場止。恰為600秒者為10分鐘內：計畫規定「應於10分鐘內抵達現場」，第10分鐘至其最後一刻為止。",
        "每一案件不是納入就是排除；排除者各依一個原因計數：到達前取消、重複報案、員警主動發現、預定勤務、測試，及判定時未結且未滿10分鐘者；自派遣起計算時另有無派遣時間者。判定時尚未派遣的未結案件，自接獲報案起判定。",
        "無人到達的案件不排除，以逾時計。到達後才取消者，仍納入。併入他案者為重複報案，由他案計算。",
        "到達以按鍵、衛星定位、值勤員依無線電回報登錄三者中較早者為準，三者均保留。起算前已到達者以0秒計。",
        "「複核後」為主管依理由複核後的數值，「原紀錄」為複核前的數值；原始時間點從不刪改。",
        "比率附95%信賴區間（Wilson法）。p50、p90 直接由案件計算，不由各日或各單位平均。",
    ),
    "en": (
        "A response runs from the clock's start (the call received, or the first unit dispatched) to the first unit on "
        "the scene. Exactly 600 s is within: the plan demands 10 minutes, and the tenth ends with its last instant.",
        "Each incident is measured or excluded. Excluded ones are counted under one reason: cancelled before arrival, "
        "duplicate, officer-initiated, scheduled, test, or open and within its 10 minutes when judged; from dispatch "
        "also those without a time of dispatch. An open one that nobody had been sent to when judged is judged from "
        "its receipt.",
        "An incident that nobody reached is not excluded, it is late. One that was cancelled after the arrival is "
        "measured. One that was merged into another is a duplicate, and the other one is measured.",
        "The arrival is the earliest of what the button, satellite positions, and a dispatcher who heard it by radio "
        "say; all are kept. Whoever was there before the start took 0 s.",
        "Reviewed figures are those that supervisors' reviews, each with a reason, have left; recorded ones are those "
        "before any review. No recorded time is ever changed or deleted.",
        "Shares come with their 95 % interval (Wilson). p50 and p90 are taken over incidents, never averaged over days "
        "or stations.",
    ),
}
