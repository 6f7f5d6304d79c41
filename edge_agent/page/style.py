"""How the pages look, on a screen and on paper."""

from __future__ import annotations

STYLE = """
:root { color-scheme: light; --ink: #1f2933; --soft: #616e7c; --line: #d9dee4; --paper: #fff;
  --note: #f5f7fa; --open: #b44d12; --provisional: #8a6d00; --closed: #2f6b4a; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--note); color: var(--ink);
  font: 15px/1.5 system-ui, "Noto Sans", "Noto Sans CJK SC", "DejaVu Sans", sans-serif; }
main { max-width: 62rem; margin: 1.5rem auto; padding: 2rem 2.5rem; background: var(--paper);
  border: 1px solid var(--line); border-radius: 6px; }
h1 { font-size: 1.45rem; margin: 0 0 .2rem; overflow-wrap: anywhere; }
h2 { font-size: 1.05rem; margin: 2rem 0 .5rem; }
p { margin: .4rem 0; }
.story { font-size: 1.15rem; line-height: 1.55; margin: .8rem 0 1rem; max-width: 48rem;
  overflow-wrap: anywhere; }
.state { display: inline-block; padding: .05rem .6rem; border-radius: 1rem; color: #fff;
  font-size: .85rem; vertical-align: .15rem; }
.state.open { background: var(--open); }
.state.provisional { background: var(--provisional); }
.state.closed { background: var(--closed); }
.soft, figcaption, footer { color: var(--soft); }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(13rem, 1fr)); gap: .5rem 1.5rem;
  margin: 1rem 0 0; padding: .8rem 1rem; background: var(--note); border-radius: 4px; }
dt { color: var(--soft); font-size: .82rem; }
dd { margin: 0; overflow-wrap: anywhere; }
table { width: 100%; border-collapse: collapse; font-size: .92rem; margin: .3rem 0 .6rem; }
th { color: var(--soft); font-weight: 500; font-size: .82rem; border-bottom: 1.5px solid var(--ink);
  vertical-align: bottom; }
th, td { padding: .3rem .7rem .3rem 0; text-align: left; }
td { border-bottom: 1px solid var(--line); vertical-align: top; }
td.free { overflow-wrap: anywhere; min-width: 7.5rem; }
tbody th { color: var(--ink); font-size: inherit; font-weight: 600; padding-top: .9rem;
  border-bottom-width: 1px; overflow-wrap: anywhere; }
.right { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
time { font-variant-numeric: tabular-nums; white-space: nowrap; }
figure { margin: .6rem 0 1.2rem; }
figcaption { font-size: .88rem; margin-bottom: .2rem; }
figcaption strong { color: var(--ink); }
svg { display: block; width: 100%; height: auto; }
.pictures { display: grid; grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr));
  gap: 1rem; }
.pictures figure { margin: 0; }
img { display: block; width: 100%; border: 1px solid var(--line); border-radius: 3px; }
footer { margin-top: 2rem; padding-top: .7rem; border-top: 1px solid var(--line);
  font-size: .82rem; }
@page { size: A4; margin: 14mm 13mm; }
@media print {
  body { background: none; font-size: 9.5pt; }
  main { max-width: none; margin: 0; padding: 0; border: 0; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  h2 { break-after: avoid; margin-top: 1.2rem; }
  tr, figure, dl, .story { break-inside: avoid; }
  thead { display: table-header-group; }
  tbody th { break-after: avoid; }
  td.free { min-width: 5.5rem; }
  .pictures { grid-template-columns: 1fr 1fr; }
}
@media (max-width: 40rem) { main { padding: 1rem; margin: 0; border: 0; } }
"""
