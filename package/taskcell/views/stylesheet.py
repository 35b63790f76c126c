"""The style sheet that goes with every view. All selectors hold on ``tc-view``: nothing else is styled."""

from __future__ import annotations

_MUTED = "var(--jp-ui-font-color2,var(--vscode-descriptionForeground,#7d8590))"
_LINE = "var(--jp-border-color2,rgba(128,128,128,.28))"
_FAINT = "rgba(128,128,128,.10)"
_MONO = "var(--jp-code-font-family,ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace)"

_RULES = f"""
.tc-view{{font-family:var(--jp-ui-font-family,system-ui,-apple-system,'Segoe UI',sans-serif);
font-size:13px;line-height:1.45;color:var(--jp-ui-font-color1,inherit);max-width:1100px;
padding:2px 0 6px}}
.tc-view .tc-title{{font-size:14px;font-weight:600;display:flex;flex-wrap:wrap;gap:2px 10px;
align-items:baseline}}
.tc-view .tc-facts,.tc-view .tc-muted{{color:{_MUTED};font-weight:400}}
.tc-view .tc-facts{{font-size:12px;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}}
.tc-view.tc-view .tc-points{{margin:2px 0 3px;padding:0 0 0 16px;font-size:12px;list-style:disc;
font-variant-numeric:tabular-nums;overflow-wrap:anywhere}}
.tc-view .tc-dot{{opacity:.55}}
.tc-view .tc-state{{white-space:nowrap}}
.tc-view .tc-title .tc-state{{font-weight:600}}
.tc-view .tc-sign{{display:inline-block;min-width:1em;text-align:center}}
.tc-view .tc-name{{unicode-bidi:isolate;overflow-wrap:anywhere}}
.tc-view .tc-table .tc-name{{overflow-wrap:break-word}}
.tc-view .tc-id,.tc-view .tc-when{{unicode-bidi:isolate;white-space:nowrap}}
.tc-view .tc-id,.tc-view .tc-mono{{font-family:{_MONO};font-size:12px;font-weight:400}}
.tc-view .tc-heading{{font-size:11px;font-weight:600;letter-spacing:.04em;text-transform:uppercase;
color:{_MUTED};margin:14px 0 4px}}
.tc-view .tc-chips{{display:flex;flex-wrap:wrap;gap:4px;margin:8px 0 0}}
.tc-view .tc-chip{{font-family:{_MONO};font-size:12px;padding:0 7px;border-radius:9px;
background:{_FAINT};overflow-wrap:anywhere}}
.tc-view .tc-bar{{height:6px;border-radius:3px;overflow:hidden;background-color:rgba(128,128,128,.22);
margin:7px 0 2px;gap:1px}}
.tc-view .tc-bar div{{min-width:2px}}
.tc-view .tc-notice,.tc-view .tc-error,.tc-view .tc-good{{margin:8px 0 4px;padding:5px 10px;
border-left:3px solid #c2700c;background:rgba(194,112,12,.09);
border-radius:0 4px 4px 0;overflow-wrap:anywhere}}
.tc-view .tc-error{{border-left-color:#e03e3e;background:rgba(224,62,62,.09)}}
.tc-view .tc-good{{border-left-color:#2a9d4e;background:rgba(42,157,78,.09)}}
.tc-view .tc-scroll{{overflow-x:auto;max-width:100%;margin-top:6px}}
.tc-view.tc-view .tc-table{{border-collapse:collapse;border:0;margin:2px 0 0;font-size:13px;
table-layout:auto;width:auto;min-width:min(100%,480px);color:inherit}}
.tc-view.tc-view .tc-table th,.tc-view.tc-view .tc-table td{{padding:4px 14px 4px 0;border:0;
border-bottom:1px solid {_LINE};vertical-align:top;font-weight:400;max-width:420px;white-space:normal;
line-height:1.4;background:none}}
.tc-view.tc-view .tc-table th[scope=row]{{min-width:90px}}
.tc-view.tc-view .tc-table thead th{{font-size:11px;font-weight:600;color:{_MUTED};white-space:nowrap;
vertical-align:bottom;background:none}}
.tc-view.tc-view .tc-table tbody tr:nth-child(n){{background:none}}
.tc-view.tc-view .tc-table tbody tr:hover{{background:{_FAINT}}}
.tc-view.tc-view .tc-table tbody tr:last-child>*{{border-bottom:0}}
.tc-view.tc-view .tc-table td[style*=right],.tc-view.tc-view .tc-table th[style*=right]{{
font-variant-numeric:tabular-nums;white-space:nowrap}}
.tc-view.tc-reasons .tc-table td:last-child,.tc-view.tc-launch .tc-table td:last-child,
.tc-view.tc-dag .tc-table td:last-child{{max-width:680px}}
.tc-view.tc-view .tc-steady{{width:100%}}
.tc-view.tc-view .tc-steady td{{min-width:74px}}
.tc-view.tc-view .tc-steady td:nth-child(2){{min-width:96px}}
.tc-view.tc-view .tc-steady td:last-child{{width:99%;max-width:none}}
.tc-view.tc-view .tc-table th.tc-group{{font-size:11px;font-weight:600;letter-spacing:.04em;
text-transform:uppercase;color:{_MUTED};
padding:9px 0 0;border-bottom:0}}
.tc-view.tc-view .tc-small{{font-size:11px;margin:0;min-width:0}}
.tc-view.tc-view .tc-small th,.tc-view.tc-view .tc-small td{{padding:1px 10px 1px 0;max-width:180px;
overflow:hidden;text-overflow:ellipsis;white-space:nowrap}}
.tc-view .tc-strong{{font-weight:600}}
.tc-view details{{margin:6px 0 0}}
.tc-view summary{{cursor:pointer;color:{_MUTED};font-size:12px}}
.tc-view .tc-graph{{margin:10px 0 4px;overflow-x:auto}}
.tc-view .tc-graph img,.tc-view .tc-picture{{display:block;height:auto;margin:0}}
.tc-view.tc-view pre{{font-family:{_MONO};font-size:12px;line-height:1.4;margin:4px 0;padding:6px 10px;
background:{_FAINT};border-radius:4px;overflow-x:auto;white-space:pre;color:inherit}}
.tc-view .tc-diff span{{display:block;margin:0 -10px;padding:0 10px;min-height:1.4em}}
.tc-view .tc-diff .tc-plus{{background:rgba(42,157,78,.17)}}
.tc-view .tc-diff .tc-minus{{background:rgba(224,62,62,.15)}}
.tc-view .tc-diff .tc-where{{color:{_MUTED}}}
[data-jp-theme-light=false] .tc-view .tc-graph img,body.vscode-dark .tc-view .tc-graph img{{
filter:invert(.925) hue-rotate(180deg)}}
"""
STYLE = "".join(_RULES.splitlines())
