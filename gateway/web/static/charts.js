/* The charts of a patient: values, limits, what is usual, alerts and notes over one axis of time. */
"use strict";

(() => {
  const place = document.querySelector("[data-charts]");
  if (!place || typeof uPlot === "undefined") return;
  const said = place.dataset;
  const COLOURS = ["--chart-1", "--chart-2", "--chart-3"];
  const DASHES = [[], [6, 3], [2, 3]];
  const HEIGHT = 170, TALL = 240, MARGIN = 96;
  const plots = new Map();
  let whole = null;

  const colour = (name) => {
    // A token may be light-dark(...): let the browser say which it is now.
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  };
  const probe = document.createElement("span");
  probe.hidden = true;
  document.body.append(probe);

  const number = (value) => new Intl.NumberFormat(said.language, { maximumFractionDigits: 1 }).format(value);
  const moment = (seconds) => new Intl.DateTimeFormat(said.language, {
    timeZone: whole.zone, day: "numeric", month: "short", year: whole.by ? "numeric" : undefined,
    ...(whole.by ? {} : { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }),
  }).format(new Date(seconds * 1000));

  /* What is drawn under the lines: limits as shaded sides, alerts as a strip, notes as flags. */
  function under(drawn) {
    return (u) => {
      const { chart } = drawn;
      const { ctx, bbox } = u, ratio = devicePixelRatio;
      ctx.save();
      ctx.beginPath(); ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height); ctx.clip();
      ctx.font = `${11 * ratio}px ${getComputedStyle(document.body).fontFamily}`;
      const labels = [];
      const line = (y, tone, dash, text) => {
        ctx.globalAlpha = 0.9; ctx.strokeStyle = tone; ctx.lineWidth = ratio;
        ctx.setLineDash(dash.map((one) => one * ratio));
        ctx.beginPath(); ctx.moveTo(bbox.left, y); ctx.lineTo(bbox.left + bbox.width, y); ctx.stroke();
        if (y >= bbox.top && y <= bbox.top + bbox.height) labels.push({ y, tone, text });
      };
      for (const limit of chart.limits) {
        const y = u.valToPos(limit.limit, "y", true), tone = colour(`--${limit.severity.toLowerCase()}`);
        if (chart.series.length === 1) {
          ctx.fillStyle = tone; ctx.globalAlpha = 0.08;
          if (limit.high) ctx.fillRect(bbox.left, bbox.top, bbox.width, Math.max(0, y - bbox.top));
          else ctx.fillRect(bbox.left, y, bbox.width, Math.max(0, bbox.top + bbox.height - y));
        }
        line(y, tone, [4, 3], `${chart.series.length > 1 ? `${limit.title.slice(0, 3)} ` : ""}${limit.severity} ${limit.written}`);
      }
      for (const usual of chart.usual)
        line(u.valToPos(usual.value, "y", true), colour("--chart-baseline"), [1, 3], `${said.usual} ${number(usual.value)}`);
      beside(ctx, labels, bbox, ratio);
      ctx.setLineDash([]);
      const names = chart.series.map((one) => one.name);
      for (const alert of whole.alerts) {
        if (!alert.of.some((name) => names.includes(name))) continue;
        const from = Math.max(bbox.left, u.valToPos(alert.since, "x", true));
        const to = Math.min(bbox.left + bbox.width, u.valToPos(alert.until ?? whole.until, "x", true));
        ctx.fillStyle = colour(`--${alert.severity.toLowerCase()}`);
        ctx.globalAlpha = 0.1; ctx.fillRect(from, bbox.top, Math.max(2 * ratio, to - from), bbox.height);
        ctx.globalAlpha = 1; ctx.fillRect(from, bbox.top, Math.max(3 * ratio, to - from), 4 * ratio);
        ctx.textAlign = "left"; ctx.fillText(alert.severity, from, bbox.top + 15 * ratio);
      }
      for (const note of whole.notes) {
        const x = u.valToPos(note.at, "x", true), y = bbox.top + bbox.height;
        ctx.globalAlpha = 0.9; ctx.fillStyle = ctx.strokeStyle = colour("--ink-soft"); ctx.lineWidth = ratio;
        ctx.beginPath(); ctx.moveTo(x, y); ctx.lineTo(x, y - 10 * ratio); ctx.stroke();
        ctx.fillRect(x, y - 16 * ratio, 9 * ratio, 7 * ratio);
      }
      ctx.restore();
    };
  }

  /* Names of lines stand in the margin, each with room of its own. */
  function beside(ctx, labels, bbox, ratio) {
    const room = 12 * ratio;
    labels.sort((one, other) => one.y - other.y);
    let last = bbox.top - room;
    for (const label of labels) label.at = last = Math.max(label.y, last + room);
    let next = bbox.top + bbox.height + room;
    for (const label of [...labels].reverse()) label.at = next = Math.min(label.at, next - room);
    ctx.restore(); ctx.save();
    ctx.textAlign = "left"; ctx.textBaseline = "middle"; ctx.setLineDash([]); ctx.globalAlpha = 1;
    ctx.font = `${11 * ratio}px ${getComputedStyle(document.body).fontFamily}`;
    const x = bbox.left + bbox.width;
    for (const { y, at, tone, text } of labels) {
      ctx.strokeStyle = ctx.fillStyle = tone;
      ctx.beginPath(); ctx.moveTo(x, y); ctx.lineTo(x + 6 * ratio, at); ctx.stroke();
      ctx.fillText(text, x + 8 * ratio, at);
    }
    ctx.textBaseline = "alphabetic";
    ctx.beginPath(); ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height); ctx.clip();
  }

  function columns(drawn) {
    const { chart } = drawn;
    const data = [chart.x], series = [{ label: said.time, value: (u, at) => at == null ? "–" : moment(at) }], bands = [];
    chart.series.forEach((one, n) => {
      const stroke = () => colour(COLOURS[n % COLOURS.length]);
      const many = chart.x.length > 120;
      data.push(one.value);
      series.push({
        label: one.low ? `${one.title} (${said.mean})` : one.title, stroke, width: 1.5, dash: DASHES[n % DASHES.length],
        spanGaps: !one.low, points: { show: !many, size: n ? 6 : 5, fill: n ? () => colour("--surface") : stroke },
        value: (u, value, index, at) => {
          const now = drawn.chart.series[n];
          return value == null ? "–" : `${number(value)} ${chart.unit}` +
            (at != null && now.low && now.low[at] != null ? ` (${number(now.low[at])}–${number(now.high[at])})` : "") +
            (at != null && now.doubtful?.[at] ? ` ${said.doubtful}` : "");
        },
      });
      if (one.low) {
        const at = data.length;
        data.push(one.high, one.low);
        for (const _ of [0, 1]) series.push({ stroke: "transparent", width: 0, points: { show: false }, class: "unlisted" });
        bands.push({ series: [at, at + 1], fill: () => colour(COLOURS[n % COLOURS.length]).replace("rgb(", "rgba(").replace(")", ", 0.16)") });
      }
    });
    return { data, series, bands };
  }

  function range(drawn) {
    return (u, low, high) => {
      const { chart } = drawn;
      if (low == null) return [0, 1];
      // A limit that is near is shown; one that is far away would only press the values flat.
      const room = Math.max(high - low, Math.abs(high) * 0.05, 1);
      for (const one of [...chart.limits.map((limit) => limit.limit), ...chart.usual.map((usual) => usual.value)])
        if (one > low - room && one < high + room) { low = Math.min(low, one); high = Math.max(high, one); }
      const pad = Math.max((high - low) * 0.12, 0.5);
      return [low - pad, high + pad];
    };
  }

  /* What must be the same for new numbers to go into the chart that is there. */
  const shape = (chart) => JSON.stringify([chart.unit, chart.x.length > 120, !chart.limits.length && !chart.usual.length,
    chart.series.map((one) => [one.name, !one.low])]);

  function draw(box, chart) {
    const there = plots.get(box);
    if (there?.shape === shape(chart)) {
      const { min, max } = there.plot.scales.x, zoomed = min > there.since || max < there.until;
      Object.assign(there.drawn, { chart });
      Object.assign(there, { since: whole.since, until: whole.until });
      there.plot.setData(columns(there.drawn).data, !zoomed);
      if (zoomed) there.plot.redraw();
      return describe(there.plot, chart);
    }
    there?.plot.destroy();
    box.replaceChildren();
    const drawn = { chart };
    const { data, series, bands } = columns(drawn);
    const axis = { stroke: () => colour("--chart-axis"), grid: { stroke: () => colour("--chart-grid"), width: 1 }, ticks: { show: false }, font: "11px system-ui, sans-serif" };
    const plot = new uPlot({
      width: Math.max(240, box.clientWidth), height: chart.series.length > 1 ? TALL : HEIGHT, series, bands,
      padding: [8, chart.limits.length || chart.usual.length ? MARGIN : 12, 0, 0],
      tzDate: (at) => uPlot.tzDate(new Date(at * 1e3), whole.zone),
      cursor: { sync: { key: "patient" }, drag: { x: true, y: false }, y: false },
      scales: { x: { time: true, range: (u, low, high) => low == null || u.data[0].length < 2 || low === u.data[0][0] ? [whole.since, whole.until] : [low, high] }, y: { range: range(drawn) } },
      axes: [{ ...axis, values: stamps, size: 26 }, { ...axis, size: 46, values: (u, values) => values.map(number), label: undefined }],
      hooks: { drawClear: [under(drawn)] },
    }, data, box);
    plots.set(box, { plot, drawn, shape: shape(chart), since: whole.since, until: whole.until });
    describe(plot, chart);
  }

  function describe(plot, chart) {
    const values = chart.series.flatMap((one) => one.value).filter((value) => value != null);
    if (values.length) {
      const last = chart.series.map((one) => [...one.value].reverse().find((value) => value != null)).filter((value) => value != null);
      const words = { title: chart.series.map((one) => one.title).join(", "), n: values.length, low: number(Math.min(...values)), high: number(Math.max(...values)), last: last.map(number).join("/"), unit: chart.unit };
      const canvas = plot.root.querySelector("canvas");
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", said.summary.replace(/\{(\w+)\}/g, (_, name) => words[name]));
    }
  }

  const stamps = (u, splits) => {
    const wide = whole.until - whole.since > 200 * 86400, days = whole.until - whole.since > 2 * 86400;
    const short = new Intl.DateTimeFormat(said.language, { timeZone: whole.zone, ...(wide ? { month: "short", year: "2-digit" } : days ? { day: "numeric", month: "short" } : { hour: "2-digit", minute: "2-digit" }) });
    return splits.map((at) => short.format(new Date(at * 1000)));
  };

  function all({ anew = false, missing = false } = {}) {
    for (const [box, { plot }] of plots)
      if (anew || !box.isConnected) { plot.destroy(); plots.delete(box); }
    for (const box of place.querySelectorAll("[data-chart]")) {
      if (missing && plots.has(box)) continue;
      const chart = whole.charts.find((one) => one.key === box.dataset.chart);
      if (chart) draw(box, chart);
      else { plots.get(box)?.plot.destroy(); plots.delete(box); box.replaceChildren(); }
    }
  }

  let asked = 0;
  async function load(again) {
    const turn = ++asked;
    try {
      const headers = { accept: "application/json", ...(again ? { "x-background": "live" } : {}) };
      const answer = await fetch(said.charts, { headers });
      if (!answer.ok) throw new Error(answer.status);
      const told = await answer.json();
      if (turn !== asked) return;  // an answer that was overtaken
      whole = told;
      all();
    } catch {
      for (const box of place.querySelectorAll("[data-chart] .loading")) box.textContent = said.fails;
    }
  }

  load(false);
  document.addEventListener("theme", () => whole && all({ anew: true }));
  /* Something changed: new numbers go into what is there; open tables look again too. */
  document.addEventListener("live", () => {
    load(true);
    for (const table of place.querySelectorAll("details[open] [data-table]"))
      htmx.ajax("GET", table.getAttribute("hx-get"), { source: table, target: table, swap: "innerMorph", headers: { "X-Background": "live" } });
  }, true);
  /* The page itself has looked again: a chart may be there that was not. */
  document.addEventListener("htmx:after:swap", () => whole && all({ missing: true }));
  let width = place.clientWidth;
  new ResizeObserver(() => {
    if (!whole || Math.abs(place.clientWidth - width) < 8) return;
    width = place.clientWidth;
    for (const [box, { plot }] of plots) plot.setSize({ width: Math.max(240, box.clientWidth), height: plot.height });
  }).observe(place);
})();
