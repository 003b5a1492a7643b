// The story beside the page: numbered steps, each done for the reader at a press, by the ways the page itself has.

import { h } from "/page/blocks.js";

/** Every step: its title, what it shows, and what is done; a sentence that is given back says why it could not be. */
const STEPS = [
  ["Ask", "What did Team Alpha spend this month? The answer is for whoever asked alone.", async (page) => {
    await page.go("C0ALPHA");
    await page.send("/claude-usage team alpha");
  }],
  ["Look into it", "Why? splits the change into causes, keys and days that add up to the cent.", async (page) => {
    await page.go("C0ALPHA");
    return (await page.press("Why?")) ? "" : "Ask first: that is step 1.";
  }],
  ["An alert arrives", "A program makes one call of 48,200 tokens; seconds later the team's owner is told, once.", async (page) => {
    await page.direct("messages");
    await page.happen();
    return (await page.comes("made a call of more than")) ? "" : "It takes a little longer today; look again in a moment.";
  }],
  ["Acknowledge it", "Everybody who was told sees who looks after it.", async (page) => {
    await page.direct("messages");
    return (await page.press("Acknowledge")) ? "" : "There is no alert yet: let one arrive, in step 3.";
  }],
  ["Replay a rule", "Before a rule is saved: how often would it have spoken in the last 90 days?", async (page) => {
    await page.go("C0ALPHA");
    await page.send("/claude-usage subscribe alerts alpha");
    return (await page.fill("limit", "100")) && (await page.press("Try it on the last 90 days")) ? "" : "The form did not open; try again.";
  }],
  ["Read the digest", "One every morning; details wait in its thread.", async (page) => page.go("C0GENERAL")],
  ["Look at Home", "Your teams, budgets, alerts and digests on one page.", async (page) => page.direct("home")],
  ["Be somebody else", "Ben owns Team Beta, Farah is an admin: choose under “You are”.", async (page) => page.focus("acting")],
];

/** Puts the steps into `list`; `page` is what a reader can do, `said` takes why a step could not be done. */
export function tell(list, page, said) {
  list.replaceChildren(...STEPS.map(([title, text, act]) => {
    const step = h("button", { type: "button", class: "step" }, h("b", {}, title), h("span", { class: "unseen done" }), h("span", { class: "what" }, text));
    step.addEventListener("click", async () => {
      step.setAttribute("aria-busy", "true");
      const wrong = (await act(page)) ?? "";
      step.removeAttribute("aria-busy");
      said(wrong);
      step.parentNode.classList.toggle("told", !wrong);
      step.querySelector(".done").textContent = wrong ? "" : " (done)";
    });
    return h("li", {}, step);
  }));
}
