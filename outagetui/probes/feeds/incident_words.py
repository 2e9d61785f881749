"""The words in which status pages say how an incident or a maintenance stands, in the languages they are met in."""

from outagetui.probes.feeds.statements import Severity

UPDATE = "update"  # says nothing new: the word before it holds


def _list(words: str) -> list[str]:
    return [word.strip() for word in words.replace("\n", ",").split(",") if word.strip()]


def _table(**words: str) -> dict[str, Severity]:
    return {word: Severity[name] for name, listed in words.items() for word in _list(listed)}


# How an incident goes on. They stand at the head of an update: "Investigating - …", "[Resolved] …", alone on a line.
STAGES = _table(
    OPERATIONAL="""
        resolved, completed, postmortem, post-mortem, cancelled, canceled, fixed, closed, solved, scheduled
        planned, complete
        recovered, restored, service restored, false alarm, false positive, rescheduled, postponed, upcoming
        not started yet, rca, root cause analysis, post incident review, post-incident review
        post incident review (pir), pir, preliminary pir, final pir, preliminary post incident review
        preliminary post incident review (pir), final post incident review, final post incident review (pir)
        incident resolved, issue resolved, issue fixed, fully resolved, all clear, vollständig behoben
        post incident review published, wartung abgeschlossen, störung behoben, problem behoben, incident résolu
        problème résolu, incidente resuelto, problema resuelto, incidente resolvido, problema resolvido
        maintenance completed, maintenance scheduled, behoben, gelöst, erledigt, abgeschlossen, geplant
        wiederhergestellt, abgesagt, résolu, terminé, planifié, annulé, rétabli, resuelto, solucionado, completado
        programado, cancelado, resolvido, concluído, agendado, risolto, completato, pianificato, annullato, opgelost
        voltooid, gepland, rozwiązany, rozwiązane, zakończone, löst, åtgärdat, løst, решено, устранено, завершено
        解決済み, 解決, 復旧, 復旧済み, 復旧しました, 完了, 予定, 已解决, 已解決, 已恢复, 已完成, 해결됨, 해결, 완료
    """,
    MAINTENANCE="""
        underway, under way
        in progress, verifying, maintenance in progress, under maintenance, in bearbeitung, in durchführung, wartung
        en cours, en curso, en progreso, em andamento, in corso, in uitvoering, w toku, pågår, 進行中
        メンテナンス中, 作業中, 进行中, 維護中, 维护中, 진행 중
    """,
    INCIDENT="""
        investigating, identified, monitoring, watching, ongoing, active, open, new, reopened, re-opened, unresolved
        not resolved, confirmed, acknowledged, detected, reported, started, mitigating, mitigated
        partially resolved, partially mitigated, recovering, fixing, fix in progress, fix implemented, implementing
        implementing fix, restoring, restoring service, escalated, emerging, under investigation, investigation
        triaging, triggered, extended recovery, verifying service, investigation suspended, partially recovered
        untersuchung, wird untersucht, in untersuchung, in prüfung, identifiziert, beobachtung, überwachung
        wird beobachtet, teilweise behoben, offen, störung, enquête, enquête en cours, identifié, surveillance
        sous surveillance, investigando, en investigación, identificado, monitoreando, supervisando, em investigação
        monitorando, in fase di indagine, indagine, identificato, monitoraggio, in onderzoek, geïdentificeerd
        onder toezicht, badane, zidentyfikowane, monitorowanie, undersöks, identifierad, övervakas, исследуется
        расследование, 調査中, 特定, 原因特定, 監視中, 経過観察中, 障害発生中, 调查中, 正在调查, 已确认, 已识别
        监控中, 處理中, 处理中, 조사 중, 확인됨, 모니터링 중
    """,
)

# How a service is. They count where they cannot mean a component: behind "Status:", and in a title.
CONDITIONS = _table(
    OPERATIONAL="""
        operational, available, up, ok, good, normal, healthy, online, running, no issues, no incidents
        no known issues, all systems operational, all services operational, all systems go
        everything operating normally, operating normally, service is operating normally, service operational
        service restored, back to normal, false positive, verfügbar, betriebsbereit, keine störungen, keine störung
        opérationnel, operativo, operativa, operacional, operationeel, 正常, 稼働中, 정상
    """,
    NOTICE="informational message, informational, information, info, notice, advisory, announcement",
    MAINTENANCE="maintenance, under maintenance, undergoing maintenance, wartung",
    DEGRADED="""
        degraded, degraded performance, performance issue, performance issues, performance degradation
        service degradation, degradation, slow, warning, minor, minor issue, minor outage, eingeschränkt
        beeinträchtigt, dégradé
    """,
    INCIDENT="""
        service disruption, disruption, service impact, service issue, service issues, service interruption, outage
        service outage, incident, issue, issues, down, offline, unavailable
        security event, service unavailable
        error, bad, major, critical, alert, störung, gestört, ausfall, panne, interruption, avería, guasto, storing
        障害, 故障, 장애
    """,
    PARTIAL_OUTAGE="partial outage, partial service outage, partial service disruption",
    MAJOR_OUTAGE="major outage, full outage, complete outage, major service outage",
)
# The stage before all others: whatever stands beside it is newer.
AHEAD = frozenset(
    _list("""
        scheduled, upcoming, planned, not started yet, maintenance scheduled, geplant, planifié, programado, agendado
        pianificato, gepland, 予定
    """)
)
# What stands before a dash and is no word for a state.
LABELS = frozenset(
    _list("""
        summary, impact, description, detail, details, message, note, notes, location, region, regions, service
        services, affected, root cause, cause, next update, workaround, date, time, start, end, duration, type, title
        incident, maintenance, when, what, who, where, why, posted, published, author, component, components
    """)
)
SCHEDULED = frozenset(["scheduled maintenance", "planned maintenance", "upcoming maintenance", "geplante wartung"])
PLANNED = AHEAD | SCHEDULED
HEADINGS = frozenset(["service is operating normally"])  # under which what is over is told
WORDS = {**CONDITIONS, **STAGES}
