/// How pages look: those of the server and those that stand alone, wide and narrow, light and dark, on screen and on paper.
public enum PageStyle {
  public static let css = """
    :root {
      color-scheme: light dark;
      --back: #ffffff; --text: #1c1e21; --quiet: #55595f; --line: #c9ced6; --soft: #f1f4f8; --link: #0b57a4;
      --good: #12652f; --warn: #8a4b00; --bad: #b3261e; --fill: #dce9f8; --stuck: #fbdcd9;
    }
    @media (prefers-color-scheme: dark) {
      :root {
        --back: #14171b; --text: #e6e8eb; --quiet: #a9b0ba; --line: #434a54; --soft: #1e2329; --link: #8ec1ff;
        --good: #7fd79b; --warn: #ffc266; --bad: #ff9c93; --fill: #1f3550; --stuck: #57211d;
      }
    }
    * { box-sizing: border-box; }
    body { margin: 0; background: var(--back); color: var(--text); font: 16px/1.5 system-ui, sans-serif; }
    a { color: var(--link); }
    :focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
    main { max-width: 76rem; margin: 0 auto; padding: 1rem 1rem 4rem; }
    h1 { font-size: 1.6rem; line-height: 1.25; overflow-wrap: anywhere; }
    h2 { font-size: 1.25rem; margin-top: 2.25rem; overflow-wrap: anywhere; }
    h3 { font-size: 1.05rem; margin-top: 1.5rem; }
    p, li, dd { max-width: 48rem; overflow-wrap: anywhere; }
    .quiet, .hint { color: var(--quiet); }
    .hint { font-size: .9rem; margin: .2rem 0 0; }
    .verdict { border: 1px solid var(--line); border-left: 6px solid var(--quiet); background: var(--soft); padding: .5rem 1rem; border-radius: 4px; }
    .verdict h2 { margin: .25rem 0; }
    .verdict.confirmed { border-left-color: var(--good); }
    .verdict.probable { border-left-color: var(--warn); }
    .answer { font-size: 1.2rem; font-weight: 600; }
    .badge { display: inline-block; border: 1px solid currentColor; border-radius: 3px; padding: 0 .4rem; font-size: .85rem; white-space: nowrap; }
    .badge.confirmed, .badge.done, .badge.in-place { color: var(--good); }
    .badge.probable, .badge.running, .badge.queued { color: var(--warn); }
    .badge.failed, .badge.missing, .badge.older-files, .problem { color: var(--bad); }
    .problem { border-left: 4px solid var(--bad); padding-left: .75rem; }
    .note { border-left: 4px solid var(--warn); padding-left: .75rem; }
    .reasons li.for b { color: var(--good); }
    .reasons li.against b, li.against > b { color: var(--bad); }
    .cite { font-size: .85rem; text-decoration: none; }
    .scroll { overflow-x: auto; margin: .75rem 0; }
    table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .95rem; }
    caption { text-align: left; color: var(--quiet); padding: .25rem 0; }
    th, td { text-align: left; vertical-align: top; padding: .3rem .9rem .3rem .3rem; border-bottom: 1px solid var(--line); overflow-wrap: break-word; }
    td { max-width: 34rem; }
    th.n, td.n, td.number { text-align: right; white-space: nowrap; }
    tr.marked { background: var(--fill); }
    tr.marked td:first-child { box-shadow: inset 4px 0 var(--link); }
    .hash { font-size: .75rem; overflow-wrap: anywhere; }
    dl { display: grid; gap: .25rem; }
    dl > div { display: grid; grid-template-columns: 10rem 1fr; gap: .5rem; }
    dt { color: var(--quiet); } dd { margin: 0; }
    pre { overflow-x: auto; background: var(--soft); border: 1px solid var(--line); padding: .6rem; border-radius: 4px; font-size: .9rem; }
    mark { background: var(--fill); color: inherit; font-weight: 600; }
    fieldset { border: 1px solid var(--line); border-radius: 4px; margin: 1rem 0; padding: .5rem 1rem 1rem; min-width: 0; }
    .plan ol { padding-left: 1.5rem; } .plan li { margin: .6rem 0; }
    input[type=checkbox] { width: 1.15rem; height: 1.15rem; margin: 0 .6rem 0 0; vertical-align: -.2rem; accent-color: var(--link); }
    input:checked + label { text-decoration: line-through; }
    .plain { list-style: none; padding-left: 0; }
    .contents ul { display: flex; flex-wrap: wrap; gap: .25rem 1rem; list-style: none; padding: 0; }
    summary { cursor: pointer; padding: .25rem 0; }
    svg { max-width: 100%; height: auto; display: block; margin: .75rem 0; }
    .picture { font: 13px system-ui, sans-serif; max-width: 60rem; width: 100%; }
    .picture text, .capture svg text { fill: var(--text); } .capture svg { font: 12px system-ui, sans-serif; width: 100%; }
    .picture .node { fill: var(--fill); stroke: var(--link); } .picture .stuck { fill: var(--stuck); stroke: var(--bad); stroke-width: 2; }
    .picture .old { stroke-dasharray: 4 3; } .picture .bar { fill: var(--link); } .picture .bar.off { fill: var(--line); }
    .picture .edge { fill: none; stroke: var(--quiet); } .picture .edge.bad { stroke: var(--bad); stroke-width: 1.5; }
    .picture.waiting .edge { stroke-opacity: .6; } .picture .edge.inferred { stroke-dasharray: 5 4; } .picture .end { fill: var(--bad); }
    .capture .bad { fill: var(--bad); } .capture .hurt { fill: var(--warn); } .capture .line { stroke: var(--line); }
    .scroll > svg { min-width: 36rem; }
    @media (max-width: 40rem) { td:last-child { min-width: 14rem; } dl > div { grid-template-columns: 1fr; gap: 0; } td { min-width: 7rem; } }
    @media print {
      :root { --back: #fff; --text: #000; --quiet: #333; --line: #999; --soft: #fff; --link: #000; --fill: #eee; --stuck: #ddd; --good: #12652f; --warn: #6b3a00; --bad: #8f1d16; color-scheme: light; }
      .contents { display: none; }
      main { max-width: none; padding: 0; } .scroll { overflow: visible; } pre { white-space: pre-wrap; }
      section { break-inside: auto; } h2, h3 { break-after: avoid; } tr, li, svg { break-inside: avoid; }
      details::details-content { content-visibility: visible; height: auto; }
    }

    """
}
