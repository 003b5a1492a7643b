// Slack's blocks as DOM nodes. Text only ever becomes text nodes, so nothing a message says is run or parsed as HTML.

const SVG = "http://www.w3.org/2000/svg";
const EMOJI = {
  warning: "⚠️", white_check_mark: "✅", x: "❌", rotating_light: "🚨", bell: "🔔", no_bell: "🔕", tada: "🎉", eyes: "👀",
  bar_chart: "📊", chart_with_upwards_trend: "📈", chart_with_downwards_trend: "📉", moneybag: "💰", money_with_wings: "💸",
  bulb: "💡", calendar: "📅", spiral_calendar_pad: "🗓️", hourglass: "⌛", hourglass_flowing_sand: "⏳", gear: "⚙️", robot_face: "🤖",
  large_green_circle: "🟢", large_yellow_circle: "🟡", large_orange_circle: "🟠", red_circle: "🔴", large_blue_circle: "🔵",
  white_circle: "⚪", arrow_up: "⬆️", arrow_down: "⬇️", arrow_right: "➡️", small_red_triangle: "🔺",
  small_red_triangle_down: "🔻", information_source: "ℹ️", rocket: "🚀", fire: "🔥", wave: "👋", thumbsup: "👍",
  "+1": "👍", "-1": "👎", thumbsdown: "👎", memo: "📝", mag: "🔍", lock: "🔒", key: "🔑", zap: "⚡", clock3: "🕒",
  sparkles: "✨", page_facing_up: "📄", inbox_tray: "📥", speech_balloon: "💬", question: "❓", exclamation: "❗",
};

/** An element; `attributes` take strings, booleans, and listeners as on…; children are nodes or strings. */
export function h(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

function s(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children.flat(Infinity).filter((child) => child != null));
  return node;
}

/** All blocks of a message. `reader` has names, channels, tz, now and press(block, element, value, node). */
export function renderBlocks(blocks, reader) {
  return blocks.map((block) => {
    const draw = BLOCKS[block.type];
    return draw ? draw(block, reader) : h("p", { class: "unsupported" }, `Unsupported block: ${block.type}`);
  });
}

// --- text

const unescaped = (text) => text.replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&");
const emojis = (text) => text.replace(/:([a-z0-9_+-]+):/g, (whole, name) => EMOJI[name] ?? whole);
const words = (text) => emojis(unescaped(text));
const INLINE = /<([^<>\n]+)>|`([^`\n]+)`|(?<![\w*])\*([^*\n]+)\*(?![\w*])|(?<!\w)_([^_\n]+)_(?!\w)|(?<![\w~])~([^~\n]+)~(?![\w~])/;

/** A text object, plain or mrkdwn. */
export function textOf(text, reader) {
  if (!text) return [];
  return text.type === "mrkdwn" ? mrkdwn(text.text, reader) : lines(emojis(text.text), (line) => [line]);
}

export function mrkdwn(text, reader) {
  return text.split(/```/).flatMap((part, index) => {
    if (index % 2) return [h("pre", {}, unescaped(part.replace(/^\n|\n$/g, "")))];
    return quotes(part.replace(/^\n/, index ? "" : "\n"), reader);
  });
}

function quotes(text, reader) {
  const groups = [];
  for (const line of text.split("\n")) {
    const quoted = /^(&gt;|>) ?/.test(line);
    const last = groups.at(-1);
    const words = quoted ? line.replace(/^(&gt;|>) ?/, "") : line;
    if (last && last.quoted === quoted) last.lines.push(words);
    else groups.push({ quoted, lines: [words] });
  }
  return groups.flatMap(({ quoted, lines: some }) => {
    const nodes = lines(some.join("\n"), (line) => inline(line, reader));
    return quoted ? [h("blockquote", {}, nodes)] : nodes;
  });
}

function lines(text, draw) {
  return text.split("\n").flatMap((line, index) => (index ? [h("br"), ...draw(line)] : draw(line)));
}

function inline(text, reader) {
  const found = INLINE.exec(text);
  if (!found) return text ? [words(text)] : [];
  const [whole, special, code, bold, italic, strike] = found;
  let node;
  if (special !== undefined) node = reference(special, reader);
  else if (code !== undefined) node = h("code", {}, unescaped(code));
  else if (bold !== undefined) node = h("b", {}, inline(bold, reader));
  else if (italic !== undefined) node = h("i", {}, inline(italic, reader));
  else node = h("s", {}, inline(strike, reader));
  const before = text.slice(0, found.index);
  return [...(before ? [words(before)] : []), node, ...inline(text.slice(found.index + whole.length), reader)];
}

function reference(special, reader) {
  const bar = special.indexOf("|");
  const target = bar < 0 ? special : special.slice(0, bar);
  const label = bar < 0 ? "" : special.slice(bar + 1);
  if (target.startsWith("@")) return h("span", { class: "mention" }, `@${reader.names[target.slice(1)] ?? (label || target.slice(1))}`);
  if (target.startsWith("#")) return h("span", { class: "mention" }, `#${reader.channels[target.slice(1)] ?? (label || target.slice(1))}`);
  if (target.startsWith("!date^")) {
    const [, unix, format, url] = target.split("^");
    const shown = h("time", { title: words(label) }, date(Number(unix), format, reader));
    return url ? link(url, shown) : shown;
  }
  if (target.startsWith("!")) return h("span", { class: "mention" }, `@${target.slice(1).split("^")[0]}`);
  return link(unescaped(target), label ? words(label) : unescaped(target));
}

function link(url, ...label) {
  const safe = /^(https?:|mailto:)/i.test(url);
  return safe ? h("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, label) : h("span", {}, label);
}

/** Slack's date formats in the reader's own zone. */
function date(unix, format, reader) {
  const at = new Date(unix * 1000);
  const as = (options) => new Intl.DateTimeFormat("en-US", { timeZone: reader.tz, ...options }).format(at);
  const day = (when) => new Intl.DateTimeFormat("en-CA", { timeZone: reader.tz }).format(when);
  const near = { [-1]: "yesterday", 0: "today", 1: "tomorrow" };
  const away = Math.round((Date.parse(day(at)) - Date.parse(day(new Date(reader.now * 1000)))) / 86_400_000);
  const pretty = (otherwise) => near[away] ?? otherwise;
  const short = () => as({ month: "short", day: "numeric", year: "numeric" });
  const long = () => as({ weekday: "long", month: "long", day: "numeric", year: "numeric" });
  const middle = () => as({ month: "long", day: "numeric", year: "numeric" });
  const parts = {
    date_num: () => day(at), date: middle, date_short: short, date_long: long,
    date_pretty: () => pretty(middle()), date_short_pretty: () => pretty(short()), date_long_pretty: () => pretty(long()),
    time: () => as({ hour: "numeric", minute: "2-digit" }),
    time_secs: () => as({ hour: "numeric", minute: "2-digit", second: "2-digit" }),
  };
  return format.replace(/\{(\w+)\}/g, (whole, name) => (parts[name] ? parts[name]() : whole));
}

// --- Markdown blocks (standard Markdown, not mrkdwn)

function markdown(text, reader) {
  const out = [];
  const rows = text.split("\n");
  while (rows.length) {
    const line = rows.shift();
    const taken = (test) => { const some = [line]; while (rows.length && test.test(rows[0])) some.push(rows.shift()); return some; };
    if (/^```/.test(line)) {
      const some = [];
      while (rows.length && !/^```/.test(rows[0])) some.push(rows.shift());
      rows.shift();
      out.push(h("pre", {}, some.join("\n")));
    } else if (/^#{1,6} /.test(line)) out.push(h("h3", {}, marked(line.replace(/^#+ /, ""), reader)));
    else if (/^(---+|\*\*\*+)\s*$/.test(line)) out.push(h("hr"));
    else if (/^> ?/.test(line)) out.push(h("blockquote", {}, taken(/^> ?/).flatMap((one) => [marked(one.replace(/^> ?/, ""), reader), h("br")])));
    else if (/^\s*[-*] /.test(line)) out.push(h("ul", {}, taken(/^\s*[-*] /).map((one) => h("li", {}, marked(one.replace(/^\s*[-*] /, ""), reader)))));
    else if (/^\s*\d+\. /.test(line)) out.push(h("ol", {}, taken(/^\s*\d+\. /).map((one) => h("li", {}, marked(one.replace(/^\s*\d+\. /, ""), reader)))));
    else if (/^\|.*\|\s*$/.test(line)) {
      const cells = taken(/^\|.*\|\s*$/).filter((one) => !/^\|[\s:|-]+\|\s*$/.test(one)).map((one) => one.trim().slice(1, -1).split("|"));
      out.push(plainTable(cells.map((row) => row.map((cell) => marked(cell.trim(), reader))), []));
    } else if (line.trim()) out.push(h("p", {}, marked(line, reader)));
  }
  return out;
}

function marked(text, reader) {
  const found = /`([^`]+)`|\*\*(.+?)\*\*|__(.+?)__|\*(.+?)\*|(?<!\w)_(.+?)_(?!\w)|~~(.+?)~~|\[([^\]]+)\]\(([^)\s]+)\)/.exec(text);
  if (!found) return [emojis(text)];
  const [whole, code, bold, bolder, italic, slanted, strike, label, url] = found;
  let node;
  if (code) node = h("code", {}, code);
  else if (bold || bolder) node = h("b", {}, marked(bold || bolder, reader));
  else if (italic || slanted) node = h("i", {}, marked(italic || slanted, reader));
  else if (strike) node = h("s", {}, marked(strike, reader));
  else node = link(url, ...marked(label, reader));
  return [emojis(text.slice(0, found.index)), node, ...marked(text.slice(found.index + whole.length), reader)];
}

// --- rich text

function richText(block, reader) {
  const out = [];
  for (const part of block.elements) {
    const inner = (some) => some.elements.map((one) => richInline(one, reader));
    if (part.type === "rich_text_list") {
      const list = h(part.style === "ordered" ? "ol" : "ul", { style: `margin-left:${(part.indent ?? 0) * 1.5}rem`, start: part.offset ? part.offset + 1 : null });
      list.append(...part.elements.map((item) => h("li", {}, inner(item))));
      out.push(list);
    } else if (part.type === "rich_text_preformatted") out.push(h("pre", {}, inner(part)));
    else if (part.type === "rich_text_quote") out.push(h("blockquote", {}, inner(part)));
    else out.push(h("div", { class: "lines" }, inner(part)));
  }
  return out;
}

function richInline(one, reader) {
  const style = one.style ?? {};
  let node;
  if (one.type === "link") node = link(one.url, one.text || one.url);
  else if (one.type === "user") node = h("span", { class: "mention" }, `@${reader.names[one.user_id] ?? one.user_id}`);
  else if (one.type === "channel") node = h("span", { class: "mention" }, `#${reader.channels[one.channel_id] ?? one.channel_id}`);
  else if (one.type === "broadcast") node = h("span", { class: "mention" }, `@${one.range}`);
  else if (one.type === "emoji") node = h("span", {}, EMOJI[one.name] ?? `:${one.name}:`);
  else if (one.type === "date") node = h("time", {}, date(one.timestamp, one.format, reader));
  else node = document.createTextNode(one.text ?? one.value ?? "");
  for (const [flag, tag] of [["code", "code"], ["bold", "b"], ["italic", "i"], ["strike", "s"], ["underline", "u"]]) {
    if (style[flag]) node = h(tag, {}, node);
  }
  return node;
}

// --- things to press

function element(block, one, reader) {
  const draw = ELEMENTS[one.type];
  return draw ? draw(block, one, reader) : h("span", { class: "unsupported" }, `Unsupported element: ${one.type}`);
}

function button(block, one, reader) {
  const name = { class: `button ${one.style ?? ""}`, "aria-label": one.accessibility_label };
  const press = (event) => reader.press(block, one, one.value, event.currentTarget);
  if (one.url) return h("a", { ...name, href: /^https?:/i.test(one.url) ? one.url : "#", target: "_blank", rel: "noopener noreferrer", onclick: press }, textOf(one.text, reader), " ↗");
  return h("button", { ...name, type: "button", onclick: press }, textOf(one.text, reader));
}

function select(block, one, reader) {
  const groups = one.option_groups ?? [{ options: one.options ?? [] }];
  const drawn = groups.map((group) => {
    const options = group.options.map((option) => h("option", { value: option.value, selected: option.value === one.initial_option?.value }, emojis(option.text.text)));
    return group.label ? h("optgroup", { label: group.label.text }, options) : options;
  });
  const label = one.placeholder?.text ?? "Choose";
  const change = (event) => reader.press(block, one, event.currentTarget.value, event.currentTarget);
  return h("select", { class: "button", "aria-label": label, onchange: change }, h("option", { value: "", disabled: true, selected: !one.initial_option }, label), drawn);
}

function overflow(block, one, reader) {
  const menu = h("details", { class: "overflow" }, h("summary", { class: "button", "aria-label": "More actions" }, "⋯"));
  const choices = one.options.map((option) => h("button", { type: "button", onclick: (event) => { menu.open = false; reader.press(block, one, option.value, event.currentTarget); } }, emojis(option.text.text)));
  menu.addEventListener("keydown", (event) => { if (event.key === "Escape") { menu.open = false; menu.firstChild.focus(); } });
  menu.append(h("div", { class: "choices" }, choices));
  return menu;
}

const feedback = (block, one, reader) => [one.positive_button, one.negative_button].map((choice) =>
  h("button", { class: "button", type: "button", "aria-label": choice.accessibility_label, onclick: (event) => reader.press(block, one, choice.value, event.currentTarget) }, emojis(choice.text.text)));
const iconButton = (block, one, reader) =>
  h("button", { class: "button", type: "button", "aria-label": one.accessibility_label, onclick: (event) => reader.press(block, one, one.value, event.currentTarget) }, one.icon === "trash" ? "🗑 " : "", one.text.text);
const picture = (one) => h("img", { src: one.slack_file?.id ? `/files/${encodeURIComponent(one.slack_file.id)}` : one.slack_file?.url ?? one.image_url, alt: one.alt_text, title: one.alt_text });

/** A field that finds as one types: what it offers is asked of the bot at every pause. */
function finder(block, one, reader, label = null) {
  const words = one.placeholder?.text ?? "Find";
  const list = h("div", { class: "choices", role: "listbox", "aria-label": words, hidden: true });
  const field = h("input", { type: "text", class: "button finder", role: "combobox", "aria-expanded": "false", autocomplete: "off", placeholder: words, "aria-label": label ?? words });
  let waiting = 0, mine = 0;
  const close = () => { list.hidden = true; field.setAttribute("aria-expanded", "false"); };
  const choose = (option) => { close(); field.value = option.text.text; reader.press(block, one, option.value, field); };
  const offer = async () => {
    const asked = ++mine;
    const options = await reader.suggest(one, field.value);
    if (asked !== mine) return; // more was typed since
    const rows = options.map((option) => h("button", { type: "button", role: "option", onclick: () => choose(option) }, option.text.text));
    list.replaceChildren(...(rows.length ? rows : [h("p", { class: "dim none" }, "Nothing found")]));
    list.hidden = false;
    field.setAttribute("aria-expanded", "true");
  };
  field.addEventListener("focus", offer);
  field.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(offer, 150); });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter") { event.preventDefault(); list.querySelector("button")?.click(); }
    if (event.key === "Escape" && !list.hidden) { event.preventDefault(); event.stopPropagation(); close(); }
    if (event.key === "ArrowDown") { event.preventDefault(); list.querySelector("button")?.focus(); }
  });
  const whole = h("div", { class: "overflow" }, field, list);
  whole.addEventListener("focusout", (event) => { if (!whole.contains(event.relatedTarget)) close(); });
  return whole;
}

/** A form field; its error stands under it, as the bot's answer named it. What it holds is in `data-field` of one node. */
function input(block, reader) {
  const id = `field-${block.block_id}`, wrong = (reader.errors ?? {})[block.block_id];
  const attributes = { id, class: "field", "data-field": block.block_id, "aria-invalid": wrong ? "true" : null, autocomplete: "off", required: !block.optional };
  return h("div", { class: "input" }, h("label", { for: id }, block.label.text, block.optional ? h("span", { class: "dim" }, " (optional)") : null),
    (FIELDS[block.element.type] ?? writing)(block.element, attributes, reader, block),
    wrong ? h("p", { class: "wrong", role: "alert" }, wrong) : null, block.hint ? h("p", { class: "dim" }, block.hint.text) : null);
}

function writing(one, attributes) {
  const more = { ...attributes, maxlength: one.max_length, placeholder: one.placeholder?.text };
  const field = one.multiline ? h("textarea", more) : h("input", { type: "text", ...more });
  field.value = one.initial_value ?? "";
  return field;
}

const chosenOf = (attributes, value, options) => {
  const none = h("option", { value: "" }, "Choose…");
  return h("select", attributes, value ? [] : none, options.map(([id, name]) => h("option", { value: id, selected: id === value }, name)));
};
const choice = (one, attributes) => chosenOf(attributes, one.initial_option?.value, one.options.map((option) => [option.value, option.text.text]));
const place = (one, attributes, reader) => chosenOf(attributes, one.initial_conversation, Object.entries(reader.channels).map(([id, name]) => [id, `#${name}`]));
const dated = (type, initial) => (one, attributes) => {
  const field = h("input", { type, ...attributes });
  field.value = one[initial] ?? "";
  return field;
};

/** Boxes of which several may be ticked: what they hold stands in a hidden field, with commas between. */
function several(pairs, initial, attributes, label) {
  const held = h("input", { type: "hidden", "data-field": attributes["data-field"] });
  const boxes = pairs.map(([id, name]) => {
    const box = h("input", { type: "checkbox", value: id });
    box.checked = initial.includes(id);
    box.addEventListener("change", () => { held.value = boxes.filter((other) => other.firstChild.checked).map((other) => other.firstChild.value).join(","); });
    return h("label", { class: "tick" }, box, ` ${name}`);
  });
  held.value = initial.join(",");
  held.addEventListener("restored", () => { for (const { firstChild: box } of boxes) box.checked = held.value.split(",").includes(box.value); });
  return h("div", { class: "ticks", id: attributes.id, role: "group", "aria-label": label }, held, boxes);
}
const ticks = (one, attributes, _reader, block) => several(one.options.map((option) => [option.value, option.text.text]), (one.initial_options ?? []).map((option) => option.value), attributes, block.label.text);
const persons = (one, attributes, reader, block) => several(reader.people.map((user) => [user.id, user.name]), one.initial_users ?? [], attributes, block.label.text);

/** A field that finds as one types: what is chosen stands in a hidden field beside its name. */
function found(one, attributes, reader, block) {
  const held = h("input", { type: "hidden", "data-field": attributes["data-field"] });
  held.value = one.initial_option?.value ?? "";
  const whole = finder(block, one, { ...reader, press: (_block, _one, value, field) => { held.value = value; held.dataset.text = field.value; } }, block.label.text);
  whole.firstChild.id = attributes.id;
  whole.firstChild.value = one.initial_option?.text.text ?? "";
  held.dataset.text = whole.firstChild.value;
  held.addEventListener("restored", () => { whole.firstChild.value = held.dataset.text; });
  whole.firstChild.addEventListener("input", () => { held.value = held.dataset.text = ""; });
  return h("div", {}, held, whole);
}

const FIELDS = { static_select: choice, external_select: found, conversations_select: place, checkboxes: ticks, multi_users_select: persons, datepicker: dated("date", "initial_date"), timepicker: dated("time", "initial_time") };
const dateButton = (block, one, reader) => {
  const field = h("input", { type: "date", class: "button", onchange: (event) => event.currentTarget.value && reader.press(block, one, event.currentTarget.value, event.currentTarget) });
  field.value = one.initial_date ?? "";
  return h("label", { class: "dim" }, `${one.placeholder?.text ?? "Date"} `, field);
};
const ELEMENTS = { button, static_select: select, external_select: finder, datepicker: dateButton, overflow, image: (_block, one) => picture(one), feedback_buttons: feedback, icon_button: iconButton };

// --- tables

function cellOf(cell, reader, block) {
  if (cell?.type === "rich_text") return richText(cell, reader);
  if (cell?.type === "action_cell" && cell.element) return element(block, cell.element, reader);
  return [emojis(cell?.text ?? "")];
}

function plainTable(rows, settings) {
  const align = (x) => ({ class: `to-${settings[x]?.align ?? "left"}${settings[x]?.is_wrapped === false ? " unwrapped" : ""}` });
  const [head, ...rest] = rows;
  return h("div", { class: "table", tabindex: "0", role: "region", "aria-label": "Table" }, h("table", {},
    h("thead", {}, h("tr", {}, (head ?? []).map((cell, x) => h("th", { scope: "col", ...align(x) }, cell)))),
    h("tbody", {}, rest.map((row) => h("tr", {}, row.map((cell, x) => h("td", align(x), cell)))))));
}

const table = (block, reader) => plainTable(block.rows.map((row) => row.map((cell) => cellOf(cell, reader, block))), block.column_settings ?? []);

function dataTable(block, reader) {
  const [head, ...all] = block.rows;
  const size = block.page_size ?? 5;
  const numeric = head.map((_cell, x) => all.every((row) => row[x].type === "raw_number"));
  const sorting = { column: null, down: false };
  let page = 0;
  const body = h("tbody");
  const where = h("span", { class: "dim" });
  const move = (by, label) => h("button", { class: "button", type: "button", "aria-label": `${label} page`, onclick: () => { page += by; draw(); } }, by < 0 ? "‹" : "›");
  const back = move(-1, "Previous"), on = move(1, "Next");
  const value = (cell) => (cell.type === "raw_number" ? cell.value : cellOf(cell, reader, block).map((part) => part.textContent ?? part).join(""));
  const heads = head.map((cell, x) => h("th", { scope: "col", class: numeric[x] ? "to-right" : "", "aria-sort": "none" },
    h("button", { type: "button", class: "sort", onclick: () => { sorting.down = sorting.column === x && !sorting.down; sorting.column = x; page = 0; draw(); } }, cell.text)));
  function draw() {
    const rows = [...all];
    const { column, down } = sorting;
    if (column !== null) rows.sort((a, b) => {
      const [one, other] = [value(a[column]), value(b[column])];
      const order = typeof one === "number" && typeof other === "number" ? one - other : String(one).localeCompare(String(other));
      return down ? -order : order;
    });
    heads.forEach((th, x) => th.setAttribute("aria-sort", x !== column ? "none" : down ? "descending" : "ascending"));
    const shown = rows.slice(page * size, (page + 1) * size);
    const tag = (x) => (x === (block.row_header_column_index ?? 0) ? "th" : "td");
    body.replaceChildren(...shown.map((row) => h("tr", {}, row.map((cell, x) => h(tag(x), { class: numeric[x] ? "to-right" : "", scope: tag(x) === "th" ? "row" : null }, cellOf(cell, reader, block))))));
    where.textContent = `${page * size + 1}–${page * size + shown.length} of ${rows.length}`;
    back.disabled = page === 0;
    on.disabled = (page + 1) * size >= rows.length;
  }
  draw();
  return h("div", { class: "data-table" },
    h("div", { class: "table" }, h("table", {}, h("caption", {}, block.caption), h("thead", {}, h("tr", {}, heads)), body)),
    all.length > size ? h("div", { class: "paging" }, back, where, on) : null);
}

// --- charts

const WIDTH = 600, HEIGHT = 260, LEFT = 58, RIGHT = 12, TOP = 12;
const colour = (index) => `var(--series-${(index % 6) + 1})`;
const number = (value) => new Intl.NumberFormat("en-US", { maximumFractionDigits: 2 }).format(value);
const compact = (value) => new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 1 }).format(value);

function chartBlock(block) {
  const { chart } = block;
  const pie = chart.type === "pie";
  const names = pie ? chart.segments.map((one) => one.label) : chart.series.map((one) => one.name);
  const columns = pie ? [{ name: "Value", data: chart.segments }] : chart.series;
  const categories = pie ? names : chart.axis_config.categories;
  const valueAt = (one, label) => one.data.find((point) => point.label === label)?.value ?? 0;
  const rows = [["", ...columns.map((one) => one.name)], ...categories.map((label) => [label, ...columns.map((one) => number(valueAt(one, label)))])];
  const drawing = pie ? drawPie(block.title, chart.segments) : drawPlot(block.title, chart, categories, valueAt);
  const asTable = plainTable(rows.map((row) => row.map((cell) => [cell])), [{}, ...columns.map(() => ({ align: "right" }))]);
  asTable.hidden = true;
  const toggle = h("button", { type: "button", class: "quiet", "aria-pressed": "false", onclick: () => {
    asTable.hidden = !asTable.hidden;
    drawing.style.display = asTable.hidden ? "" : "none";
    toggle.setAttribute("aria-pressed", String(!asTable.hidden));
    toggle.textContent = asTable.hidden ? "View as table" : "View as chart";
  } }, "View as table");
  const legend = h("ul", { class: "legend" }, names.map((name, index) => h("li", {}, h("i", { style: `background:${colour(index)}` }), name)));
  return h("figure", { class: "chart" }, h("figcaption", {}, h("b", {}, block.title), toggle), drawing, asTable, names.length > 1 || pie ? legend : null);
}

function ticksFor(low, high) {
  const rough = (high - low || 1) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((one) => one * power).find((one) => one >= rough);
  const ticks = [];
  for (let at = Math.floor(low / step); at * step < high + step; at += 1) ticks.push(at * step);
  return ticks;
}

function drawPlot(title, chart, categories, valueAt) {
  const values = chart.series.flatMap((one) => one.data.map((point) => point.value));
  const ticks = ticksFor(Math.min(0, ...values), Math.max(0, ...values));
  const [low, high] = [ticks[0], ticks.at(-1)];
  const longest = Math.max(...categories.map((label) => label.length));
  // Days are read as a row: leaving some out keeps them level. A name left out would be missed, so names are tilted.
  const crowded = categories.length * longest > 78;
  const dated = categories.every((label) => /^(\d|[A-Z][a-z]{2} \d{4}$)/.test(label));
  const tilted = crowded && !dated;
  const every = crowded && dated ? Math.ceil((categories.length * (longest + 2)) / 78) : 1;
  const bottom = HEIGHT - (tilted ? 20 + longest * 4.6 : 28) - (chart.axis_config.x_label ? 18 : 0);
  const left = LEFT + (chart.axis_config.y_label ? 16 : 0);
  const slot = (WIDTH - left - RIGHT) / categories.length;
  const y = (value) => bottom - ((value - low) / (high - low)) * (bottom - TOP);
  const x = (index) => left + slot * (index + 0.5);
  const note = (label, name, value) => s("title", {}, `${label} · ${name}: ${number(value)}`);
  const grid = ticks.map((tick) => [
    s("line", { x1: left, x2: WIDTH - RIGHT, y1: y(tick), y2: y(tick), class: tick === 0 ? "axis" : "grid" }),
    s("text", { x: left - 8, y: y(tick) + 4, "text-anchor": "end" }, compact(tick)),
  ]);
  const labels = categories.map((label, index) => (categories.length - 1 - index) % every ? null : tilted
    ? s("text", { transform: `translate(${x(index) + 4} ${bottom + 14}) rotate(-40)`, "text-anchor": "end" }, label)
    : s("text", { x: x(index), y: bottom + 18, "text-anchor": "middle" }, label));
  const marks = chart.series.map((one, order) => {
    const points = categories.map((label, index) => ({ label, value: valueAt(one, label), x: x(index) }));
    if (chart.type === "bar") {
      const width = Math.min(46, (slot * 0.76) / chart.series.length);
      return points.map((point) => s("rect", {
        x: point.x + (order - chart.series.length / 2) * width + 0.5, width: Math.max(1, width - 1), rx: 2, fill: colour(order),
        y: Math.min(y(point.value), y(0)), height: Math.max(0.5, Math.abs(y(point.value) - y(0))),
      }, note(point.label, one.name, point.value)));
    }
    const path = points.map((point, index) => `${index ? "L" : "M"}${point.x} ${y(point.value)}`).join("");
    return [
      chart.type === "area" ? s("path", { d: `${path}L${points.at(-1).x} ${y(0)}L${points[0].x} ${y(0)}Z`, fill: colour(order), "fill-opacity": 0.22 }) : null,
      s("path", { d: path, fill: "none", stroke: colour(order), "stroke-width": 2.25, "stroke-linejoin": "round" }),
      points.map((point) => s("circle", { cx: point.x, cy: y(point.value), r: 3.5, fill: colour(order) }, note(point.label, one.name, point.value))),
    ];
  });
  const { x_label: across, y_label: up } = chart.axis_config;
  const titles = [
    across ? s("text", { x: (left + WIDTH) / 2, y: HEIGHT - 4, "text-anchor": "middle", class: "axis-title" }, across) : null,
    up ? s("text", { transform: `translate(12 ${(TOP + bottom) / 2}) rotate(-90)`, "text-anchor": "middle", class: "axis-title" }, up) : null,
  ];
  return s("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": `${chart.type} chart: ${title}` }, grid, labels, marks, titles);
}

function drawPie(title, segments) {
  const total = segments.reduce((sum, one) => sum + one.value, 0);
  const [cx, cy, radius] = [WIDTH / 2, HEIGHT / 2, 112];
  let turned = 0;
  const at = (share, away = radius) => [cx + away * Math.sin(share * 2 * Math.PI), cy - away * Math.cos(share * 2 * Math.PI)];
  const slices = segments.map((one, index) => {
    const share = one.value / total, from = at(turned), middle = at(turned + share / 2, radius * 0.66);
    turned += share;
    const to = at(turned), said = `${one.label}: ${number(one.value)} (${Math.round(share * 100)} %)`;
    const shape = share > 0.9999 ? s("circle", { cx, cy, r: radius }) : s("path", { d: `M${cx} ${cy}L${from.join(" ")}A${radius} ${radius} 0 ${share > 0.5 ? 1 : 0} 1 ${to.join(" ")}Z` });
    shape.append(s("title", {}, said));
    shape.setAttribute("fill", colour(index));
    shape.setAttribute("class", "slice");
    return [shape, share > 0.06 ? s("text", { x: middle[0], y: middle[1] + 4, "text-anchor": "middle", class: "share" }, `${Math.round(share * 100)} %`) : null];
  });
  return s("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": `pie chart: ${title}` }, slices);
}

// --- blocks

function section(block, reader) {
  const fields = (block.fields ?? []).map((field) => h("div", {}, textOf(field, reader)));
  return h("div", { class: "section" },
    h("div", { class: "grow" }, block.text ? h("div", {}, textOf(block.text, reader)) : null, fields.length ? h("div", { class: "fields" }, fields) : null),
    block.accessory ? h("div", { class: "accessory" }, element(block, block.accessory, reader)) : null);
}

function container(block, reader) {
  const title = block.rich_text_title ? richText(block.rich_text_title, reader) : textOf(block.title, reader);
  const head = [block.icon ? picture(block.icon) : null, h("b", {}, title), block.subtitle ? h("span", { class: "dim" }, textOf(block.subtitle, reader)) : null];
  const inside = h("div", { class: "inside" }, renderBlocks(block.child_blocks, reader));
  if (!block.is_collapsible) return h("section", { class: "container" }, h("div", { class: "container-head" }, head), inside);
  return h("details", { class: "container", open: !block.default_collapsed }, h("summary", { class: "container-head" }, head), inside);
}

const actions = (block, reader) => h("div", { class: "actions" }, block.elements.map((one) => element(block, one, reader)));
const card = (block, reader) => h("section", { class: "container card" }, block.title ? h("b", {}, textOf(block.title, reader)) : null,
  block.subtitle ? h("div", { class: "dim" }, textOf(block.subtitle, reader)) : null, block.body ? h("div", {}, textOf(block.body, reader)) : null,
  block.actions ? actions({ ...block, elements: block.actions }, reader) : null);

const BLOCKS = {
  section, actions, container, card, table, input,
  header: (block, reader) => h("h2", { class: `header level-${block.level ?? 3}` }, textOf(block.text, reader)),
  divider: () => h("hr"),
  context: (block, reader) => h("div", { class: "context" }, block.elements.map((one) => (one.type === "image" ? picture(one) : h("span", {}, textOf(one, reader))))),
  context_actions: actions,
  image: (block, reader) => h("figure", { class: "image" }, block.title ? h("figcaption", {}, textOf(block.title, reader)) : null, picture(block)),
  rich_text: (block, reader) => h("div", { class: "rich" }, richText(block, reader)),
  markdown: (block, reader) => h("div", { class: "markdown" }, markdown(block.text, reader)),
  data_table: dataTable,
  data_visualization: chartBlock,
  carousel: (block, reader) => h("div", { class: "carousel" }, renderBlocks(block.elements, reader)),
  alert: (block, reader) => h("div", { class: `alert ${block.level ?? "default"}`, role: "note" }, textOf(block.text, reader)),
};
