// The table of all entities: search, choose a label, sort, show more.

const PAGE = 50;
const view = { search: "", label: null, sort: "conversations", ascending: false, shown: PAGE };
const body = document.querySelector("#table tbody");
const found = document.getElementById("found");
const more = document.getElementById("more");

const haystack = new Map(
  data.entities.map((one) => [one, [one.name, one.id, ...one.forms].join("\n").toLocaleLowerCase()]),
);

function rows() {
  const chosen = data.entities.filter(
    (one) => (view.label === null || one.label === view.label) && haystack.get(one).includes(view.search),
  );
  const sign = view.ascending ? 1 : -1;
  return chosen.sort((a, b) => {
    const [left, right] = [a[view.sort], b[view.sort]];
    if (left === null || right === null) return (left === null) - (right === null);
    return sign * (typeof left === "string" ? left.localeCompare(right) : left - right);
  });
}

function histogram(counts) {
  const space = "http://www.w3.org/2000/svg";
  const most = Math.max(1, ...counts);
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("class", "histogram");
  svg.setAttribute("viewBox", "0 0 72 24");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", "Conversations per tenth of confidence: " + counts.join(", "));
  counts.forEach((count, bin) => {
    const height = count ? Math.max(2, (count / most) * 24) : 1;
    const bar = document.createElementNS(space, "rect");
    const place = { x: bin * 7.2, y: 24 - height, width: 5.6, height, rx: 1, class: count ? "" : "zero" };
    for (const [name, value] of Object.entries(place)) bar.setAttribute(name, value);
    svg.append(bar);
  });
  return svg;
}

function nameCell(one) {
  const cell = element("th");
  cell.scope = "row";
  const id = element("small");
  id.append(element("bdi", "", one.id));
  cell.append(element("i", "dot"), element("bdi", "", one.name), element("span", "unseen", ` (${one.label})`), id);
  return cell;
}

function changeCell(one) {
  const cell = element("td", "number");
  const arrow = { up: "▲ ", down: "▼ " }[one.direction] ?? "";
  const sign = one.change < 0 ? "−" : one.change > 0 ? "+" : "";
  const points = one.change === null ? "–" : `${arrow}${sign}${Math.abs(one.change * 100).toFixed(1)} pp`;
  cell.append(element("span", one.direction ?? "none", points));
  return cell;
}

function row(one) {
  const line = element("tr", one.accent);
  const share = element("td", "number share", percent(one.share));
  share.append(element("small", "", one.interval));
  const confidence = element("td");
  confidence.append(histogram(one.confidence));
  const conversations = element("td", "number", whole(one.conversations));
  if (one.resolved !== null) conversations.append(element("small", "", settled(one).slice(2)));
  const forms = element("td", "forms");
  forms.append(element("bdi", "", one.forms.join(" · ") + (one.more_forms ? ` · ${one.more_forms} more` : "")));
  line.append(
    nameCell(one),
    conversations,
    element("td", "number", whole(one.mentions)),
    share,
    changeCell(one),
    confidence,
    forms,
  );
  return line;
}

function show() {
  const all = rows();
  body.replaceChildren(...all.slice(0, view.shown).map(row));
  found.textContent = `${whole(all.length)} ${all.length === 1 ? "entity" : "entities"}`;
  more.parentElement.hidden = all.length <= view.shown;
}

function change(what) {
  Object.assign(view, { shown: PAGE }, what);
  show();
}

function sortBy(heading) {
  const key = heading.dataset.sort;
  const ascending = view.sort === key ? !view.ascending : key === "name";
  document.querySelectorAll("#table th[aria-sort]").forEach((other) => other.removeAttribute("aria-sort"));
  heading.setAttribute("aria-sort", ascending ? "ascending" : "descending");
  change({ sort: key, ascending });
}

function offerLabels() {
  const group = document.getElementById("labels");
  const choices = [[null, "all"], ...data.charts.map((chart) => [chart.label, chart.many])];
  for (const [label, text] of choices) {
    const button = element("button", "", text[0].toUpperCase() + text.slice(1));
    button.type = "button";
    button.setAttribute("aria-pressed", String(label === null));
    button.addEventListener("click", () => {
      for (const other of group.children) other.setAttribute("aria-pressed", String(other === button));
      change({ label });
    });
    group.append(button);
  }
}

document.getElementById("search").addEventListener("input", (event) => change({ search: event.target.value.trim().toLocaleLowerCase() }));
document.querySelectorAll("#table th[data-sort]").forEach((heading) => heading.firstElementChild.addEventListener("click", () => sortBy(heading)));
more.addEventListener("click", () => {
  view.shown += 4 * PAGE;
  show();
});
offerLabels();
show();
