// The page: who is acting, where they are, and what the stand-in says is there to see.

import { h, mrkdwn, renderBlocks, textOf } from "/page/blocks.js";
import { tell } from "/page/story.js";

const $ = (id) => document.getElementById(id);
const asked = new URLSearchParams(location.search);
const here = { user: asked.get("user") ?? "", place: asked.get("channel") ?? "", tab: asked.get("tab") ?? "messages" };
const seen = new Map(); // `user place` -> the newest ts that was on screen
const drawn = new Map(); // ts -> { key, node }: only what changed is drawn again, so open tables keep their page
const threads = new Map(); // ts of what they answer -> whether the reader opened or closed them
const typed = [];
let recall = 0;
let state = null;
let stale = 0;
let drawnBlocks = []; // of the dialog: what is new in it is scrolled to
let replaced = null; // the ts of an answer whose button was pressed: the next answer takes its place
let settledAt = 0; // where the list was last scrolled to: whoever is still there follows what comes next

const AVATAR = `<svg viewBox="0 0 36 36" aria-hidden="true"><rect width="36" height="36" rx="8" fill="#c2613f"/><path d="M9 26V17M15 26V11M21 26v-6M27 26V8" stroke="#fff" stroke-width="3.4" stroke-linecap="round"/></svg>`;

async function load() {
  const mine = ++stale;
  const answer = await fetch(`/api-page/state?user=${encodeURIComponent(here.user)}`);
  if (mine !== stale) return; // a newer request is on its way: its answer counts
  if (answer.status === 404) { // someone who is not here, from an old address: be the first person instead
    here.user = "";
    return load();
  }
  const next = await answer.json();
  if (mine !== stale) return;
  state = next;
  here.user = state.me;
  const places = [...state.channels.map((channel) => channel.id), state.dm];
  if (!places.includes(here.place)) here.place = places[0];
  draw();
}

function ask(path, body) {
  return fetch(`/api-page/${path}`, {
    method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ user: here.user, ...body }),
  }).then((answer) => answer.json()).catch(() => ({ ok: false, error: "The stand-in does not answer." }));
}

// --- drawing

function draw() {
  const me = state.users.find((user) => user.id === here.user);
  const newest = state.messages.filter((message) => message.channel === here.place).at(-1);
  if (newest) seen.set(`${here.user} ${here.place}`, newest.ts);
  $("workspace").textContent = state.workspace;
  $("acting").replaceChildren(...state.users.map((user) => h("option", { value: user.id, selected: user.id === here.user }, user.name)));
  $("channels").replaceChildren(...state.channels.map((channel) => placeItem(channel.id, `${channel.private ? "🔒" : "#"} ${channel.name}`)));
  const bot = h("span", { class: "mini" });
  bot.innerHTML = AVATAR;
  $("dms").replaceChildren(placeItem(state.dm, state.names[state.bot], bot));
  const channel = state.channels.find((one) => one.id === here.place);
  $("place").textContent = channel ? `#${channel.name}` : state.names[state.bot];
  document.title = `${$("place").textContent} · ${state.workspace} · local Slack`;
  const home = !channel && here.tab === "home";
  $("tabs").hidden = Boolean(channel);
  $("story-toggle").hidden = !state.story;
  for (const tab of $("tabs").children) tab.setAttribute("aria-pressed", String(tab.dataset.tab === here.tab));
  $("messages").hidden = home;
  $("composer").hidden = home;
  $("home").hidden = !home;
  $("words").placeholder = `Message ${$("place").textContent} as ${me.name}, or / for a command`;
  $("suggestions").replaceChildren(...state.suggestions.map((command) => h("button", { type: "button", class: "chip", onclick: () => send(command) }, command)));
  $("hint").textContent = $("words").value.startsWith("/") ? `${state.command} [subject] [name] [period] · try ${state.command} help` : `Enter sends · ↑ brings back what you typed · ${channel ? `${state.mention} asks the bot in a thread` : "plain words ask the bot"}`;
  const reader = readerOf(me);
  if (home) drawHome(reader);
  else drawMessages(reader);
  drawDialog(reader);
}

function placeItem(id, name, mark = null) {
  const last = seen.get(`${here.user} ${id}`) ?? "";
  const unread = id === here.place ? 0 : state.messages.filter((message) => message.channel === id && message.ts > last && message.user !== here.user).length;
  const go = () => { here.place = id; here.tab = "messages"; draw(); $("words").focus(); };
  return h("li", {}, h("button", { type: "button", class: unread ? "unread" : "", "aria-current": id === here.place ? "page" : null, onclick: go },
    mark, h("span", { class: "name" }, name), unread ? h("span", { class: "badge", "aria-label": `${unread} unread` }, String(unread)) : null));
}

function readerOf(me) {
  const channels = Object.fromEntries(state.channels.map((channel) => [channel.id, channel.name]));
  return { names: state.names, channels, people: state.users, tz: me.tz, now: state.now };
}

function drawMessages(reader) {
  const list = $("messages");
  const following = list.scrollHeight - list.scrollTop - list.clientHeight < 80 || Math.abs(list.scrollTop - settledAt) < 2;
  const shown = state.messages.filter((message) => message.channel === here.place);
  const newest = shown.at(-1), pressed = drawn.get(replaced)?.node;
  const switched = list.dataset.place !== `${here.user} ${here.place}`;
  const fresh = (newest?.ts ?? "") !== list.dataset.newest;
  list.dataset.place = `${here.user} ${here.place}`;
  list.dataset.newest = newest?.ts ?? "";
  const nodes = [];
  const add = (message) => nodes.push(kept(message.ts, JSON.stringify([message, here.user]), () => drawMessage(message, reader)));
  const starts = new Set(shown.map((message) => message.ts));
  let before = null;
  for (const message of shown.filter((one) => !starts.has(one.thread_ts))) {
    const day = dayOf(message, reader);
    if (day !== before) nodes.push(kept(`day ${day}`, day, () => h("li", { class: "day" }, h("span", {}, day))));
    before = day;
    add(message);
    const replies = shown.filter((reply) => reply.thread_ts === message.ts);
    if (!replies.length) continue;
    const open = threads.get(message.ts) ?? message.user === here.user; // who asked reads on; others open it
    nodes.push(kept(`thread ${message.ts}`, `${replies.length} ${open}`, () => threadItem(message, replies.length, open)));
    if (open) replies.forEach(add);
  }
  if (!shown.length) nodes.push(kept("empty", here.place, emptyPlace));
  const wanted = new Set(nodes);
  for (const node of [...list.children]) if (!wanted.has(node)) node.remove();
  nodes.forEach((node, index) => { if (list.children[index] !== node) list.insertBefore(node, list.children[index] ?? null); });
  const answered = Boolean(pressed) && drawn.get(replaced).node !== pressed;
  if (!newest || !(switched || answered || (fresh && following))) return;
  const [node, start] = [answered ? replaced : newest.ts, newest.thread_ts].map((ts) => drawn.get(ts)?.node);
  replaced = null;
  // Down to the end, yet not past the beginning of the newest message: a long answer is read from its title.
  const seen = wanted.has(node) ? node : start;
  const top = seen.previousSibling?.className === "day" ? seen.previousSibling : seen;
  const settle = () => { list.scrollTop = top.offsetTop - list.offsetTop - 12; settledAt = list.scrollTop; };
  settle();
  for (const image of list.querySelectorAll("img")) image.addEventListener("load", settle, { once: true });
}

function threadItem(message, count, open) {
  const toggle = () => { threads.set(message.ts, !open); draw(); };
  return h("li", { class: "thread" }, h("button", { type: "button", class: "quiet", "aria-expanded": String(open), onclick: toggle }, `${count} ${count === 1 ? "reply" : "replies"} in the thread`));
}

function emptyPlace() {
  const example = state.suggestions[1] ?? state.command;
  return h("li", { class: "empty" }, h("b", {}, "Nothing here yet."),
    h("span", {}, "Try ", h("button", { type: "button", class: "chip", onclick: () => send(example) }, example)));
}

function kept(id, key, make) {
  const old = drawn.get(id);
  if (old?.key === key) return old.node;
  const node = make();
  drawn.set(id, { key, node });
  return node;
}

const when = (message) => new Date(Number(message.ts) * 1000);
const dayOf = (message, reader) => new Intl.DateTimeFormat("en-US", { timeZone: reader.tz, weekday: "long", month: "long", day: "numeric" }).format(when(message));
const timeOf = (message, reader) => new Intl.DateTimeFormat("en-US", { timeZone: reader.tz, hour: "numeric", minute: "2-digit" }).format(when(message));

function avatar(user) {
  const name = state.names[user] ?? user;
  const node = h("div", { class: "avatar", "aria-hidden": "true" });
  if (user === state.bot) node.innerHTML = AVATAR;
  else {
    node.textContent = name.split(/\s+/).map((part) => part[0]).join("").slice(0, 2).toUpperCase();
    node.style.background = `hsl(${[...user].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 7) % 360} 42% 42%)`;
  }
  return node;
}

function drawMessage(message, reader) {
  const press = (block, element, value, node) => pressed(message, block, element, value, node);
  const own = message.blocks?.length ? renderBlocks(message.blocks, { ...reader, press }) : [h("div", {}, mrkdwn(message.text, reader))];
  const isBot = message.user === state.bot;
  return h("li", { class: `message${message.ephemeral ? " ephemeral" : ""}${message.thread_ts ? " reply" : ""}`, "data-ts": message.ts },
    avatar(message.user),
    h("article", { class: "body", "aria-label": `${state.names[message.user]} at ${timeOf(message, reader)}` },
      message.ephemeral ? h("p", { class: "only-you" }, "👁 Only visible to you") : null,
      h("header", {}, h("b", {}, state.names[message.user] ?? message.user), isBot || message.user === "USLACKBOT" ? h("span", { class: "app" }, "APP") : null,
        h("time", { datetime: when(message).toISOString() }, timeOf(message, reader)), message.edited ? h("span", { class: "dim" }, "(edited)") : null),
      message.text || message.blocks?.length ? own : null,
      (message.files ?? []).map(fileCard)));
}

function fileCard(file) {
  const path = `/files/${encodeURIComponent(file.id)}`;
  if (file.mimetype.startsWith("image/")) return h("figure", { class: "image" }, h("figcaption", {}, file.title), h("img", { src: path, alt: file.title }));
  return h("a", { class: "file", href: path, download: file.name }, h("b", {}, `📄 ${file.title}`), h("span", { class: "dim" }, `${file.size.toLocaleString("en-US")} bytes`));
}

function drawHome(reader) {
  const key = JSON.stringify([state.home, here.user]);
  if ($("home").dataset.key === key) return;
  $("home").dataset.key = key;
  const press = (block, element, value, node) => pressed({}, block, element, value, node);
  const suggest = (element, typed) => suggested(element, typed, false);
  $("home").replaceChildren(...(state.home ? renderBlocks(state.home.blocks, { ...reader, press, suggest }) : [h("div", { class: "empty" }, h("b", {}, "No Home yet."), h("span", {}, "The app publishes one when it is ready; its answers are under Messages."))]));
}

/** The dialog that is open; a field keeps what was typed into it for as long as the bot leaves it in its place. */
function drawDialog(reader) {
  const view = state.dialog;
  if (!view) { if ($("modal").open) $("modal").close(); $("modal").dataset.key = ""; return; }
  const key = JSON.stringify(view);
  if ($("modal").dataset.key !== key) {
    const typed = new Map([...$("modal-body").querySelectorAll("[data-field]")].map((field) => [field.dataset.field, [field.value, field.dataset.text]]));
    const same = $("modal").dataset.view === view.id;
    $("modal").dataset.key = key;
    $("modal").dataset.view = view.id;
    const press = (block, element, value, node) => pressed({ dialog: true }, block, element, value, node);
    const suggest = (element, words) => suggested(element, words, true);
    $("modal-title").textContent = view.title.text;
    $("modal-close").textContent = view.close?.text ?? "Cancel";
    $("modal-submit").textContent = view.submit?.text ?? "Submit";
    $("modal-submit").hidden = !view.submit;
    $("modal-status").textContent = "";
    const before = drawnBlocks;
    drawnBlocks = view.blocks.map((block) => JSON.stringify(block));
    const news = same ? drawnBlocks.findLastIndex((block) => !before.includes(block)) : -1;
    $("modal-body").replaceChildren(...renderBlocks(view.blocks, { ...reader, press, suggest, errors: view.errors ?? {} }));
    if (news >= 0) $("modal-body").children[news]?.scrollIntoView({ block: "nearest" });
    if (same) for (const field of $("modal-body").querySelectorAll("[data-field]")) restore(field, typed.get(field.dataset.field));
  }
  if (!$("modal").open) { $("modal").showModal(); $("modal-body").querySelector("[data-field]")?.focus(); }
}

function restore(field, held) {
  if (!held) return;
  [field.value, field.dataset.text] = [held[0], held[1] ?? ""];
  field.dispatchEvent(new Event("restored"));
}

// --- acting

const suggested = (element, typed, dialog) => ask("suggest", { action_id: element.action_id, typed, dialog }).then((answer) => answer.options ?? []);

async function send(text) {
  if (!text.trim()) return;
  typed.push(text);
  recall = typed.length;
  $("words").value = "";
  $("status").textContent = text.startsWith("/") ? `Sending ${text} …` : "";
  const answer = await ask("command", { channel: here.place, text });
  $("status").textContent = answer.ok ? "" : `Not delivered: ${answer.error}`;
  $("words").focus();
}

async function pressed(message, block, element, value, node) {
  if (element.confirm && !(await confirmed(element.confirm))) return;
  replaced = message.ephemeral ? message.ts : null;
  node.classList.add("pending");
  node.setAttribute("aria-busy", "true");
  const answer = await ask("press", { channel: message.channel, ts: message.ts, dialog: message.dialog, typed: message.dialog ? typedNow() : undefined, action_id: element.action_id, block_id: block.block_id, value });
  node.classList.remove("pending");
  node.removeAttribute("aria-busy");
  $("status").textContent = answer.ok ? "" : `The button did not work: ${answer.error}`;
  node.classList.toggle("failed", !answer.ok);
}

function confirmed(confirm) {
  const reader = readerOf(state.users.find((user) => user.id === here.user));
  $("confirm-title").textContent = confirm.title.text;
  $("confirm-text").replaceChildren(...textOf(confirm.text, reader));
  $("confirm-yes").textContent = confirm.confirm?.text ?? "Yes";
  $("confirm-no").textContent = confirm.deny?.text ?? "Cancel";
  $("confirm").returnValue = "no";
  $("confirm").showModal();
  return new Promise((done) => $("confirm").addEventListener("close", () => done($("confirm").returnValue === "yes"), { once: true }));
}

const typedNow = () => Object.fromEntries([...$("modal-body").querySelectorAll("[data-field]")].map((field) => [field.dataset.field, field.value]));

async function submitDialog(event) {
  event.preventDefault();
  $("modal-submit").classList.add("pending");
  const answer = await ask("submit", { typed: typedNow() });
  $("modal-submit").classList.remove("pending");
  $("modal-status").textContent = answer.ok ? "" : `Not sent: ${answer.error}`;
}

$("modal-form").addEventListener("submit", submitDialog);
for (const id of ["modal-close", "modal-x"]) $(id).addEventListener("click", () => ask("close", {}));
$("modal").addEventListener("cancel", (event) => { event.preventDefault(); ask("close", {}); });
$("shortcut").addEventListener("click", () => ask("shortcut", {}).then((answer) => { $("status").textContent = answer.ok ? "" : `The shortcut did not work: ${answer.error}`; }));
$("composer").addEventListener("submit", (event) => { event.preventDefault(); send($("words").value); });
$("words").addEventListener("input", () => { if (state) draw(); });
$("words").addEventListener("keydown", (event) => {
  const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  if (!step || !typed.length) return;
  event.preventDefault();
  recall = Math.min(Math.max(recall + step, 0), typed.length);
  $("words").value = typed[recall] ?? "";
});
$("acting").addEventListener("change", (event) => {
  const direct = here.place === state.dm;
  here.user = event.currentTarget.value;
  if (direct) here.place = "";
  load().then(() => { if (direct) { here.place = state.dm; draw(); } });
});
$("tabs").addEventListener("click", (event) => {
  if (!event.target.dataset.tab) return;
  here.tab = event.target.dataset.tab;
  draw();
  if (here.tab === "home") ask("home", {});
});
$("theme").addEventListener("click", () => {
  const dark = document.documentElement.dataset.theme ? document.documentElement.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = dark ? "light" : "dark";
  localStorage.setItem("theme", document.documentElement.dataset.theme);
});
// --- the story

/** Whether the story stands beside the page: where there is room for it, until the reader says otherwise. */
function storyShown(shown) {
  $("story").hidden = !shown;
  $("story-toggle").setAttribute("aria-expanded", String(shown));
}

const places = { go: (place) => { here.user = state.users[0].id; here.place = place; here.tab = "messages"; } };
/** What a reader can do, for the steps of the story; each is done as the first person. */
const acts = {
  go(place) { places.go(place); return load(); },
  direct(tab) { places.go(`D${state.users[0].id.slice(1)}`); here.tab = tab; if (tab === "home") ask("home", {}); return load(); },
  send,
  happen: () => ask("happen", {}),
  focus: (id) => $(id).focus(),
  comes: (words) => appears(() => [...document.querySelectorAll("#messages article")].some((one) => one.textContent.includes(words))),
  async press(label) {
    const found = () => [...document.querySelectorAll("#modal[open] button, #messages article button")].findLast((one) => one.textContent.trim() === label);
    if (!(await appears(found, 3))) return false;
    found().click();
    return true;
  },
  async fill(field, value) {
    const found = () => document.querySelector(`#modal[open] [data-field="${field}"]`);
    if (!(await appears(found))) return false;
    found().value = value;
    return true;
  },
};

async function appears(found, seconds = 8) {
  for (const end = Date.now() + 1000 * seconds; Date.now() < end; await new Promise((on) => setTimeout(on, 60))) if (found()) return true;
  return false;
}

for (const [id, shown] of [["story-toggle", () => $("story").hidden], ["story-x", () => false]]) {
  $(id).addEventListener("click", () => { storyShown(shown()); if (id === "story-x") $("story-toggle").focus(); });
}
tell($("steps"), acts, (wrong) => {
  $("story-status").textContent = wrong;
  if (!wrong && getComputedStyle($("story")).position === "fixed") storyShown(false); // it lies over what has happened
});

const theme = asked.get("theme") ?? localStorage.getItem("theme");
if (theme) document.documentElement.dataset.theme = theme;

await load();
if (state.dialog) await ask("close", {}); // a dialog lives as long as the page it was opened in
storyShown(state.story && (asked.get("story") ?? (innerWidth >= 1180 ? "open" : "")) === "open");
$("words").focus();
if (asked.get("tab") === "home") ask("home", {});
const stream = new EventSource("/api-page/stream");
stream.addEventListener("changed", load);
stream.addEventListener("open", load);
stream.addEventListener("error", () => { $("status").textContent = "The stand-in does not answer; trying again …"; });
stream.addEventListener("open", () => { $("status").textContent = ""; });
