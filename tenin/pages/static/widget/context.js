/**
 * Tells the shop's assistant and agents what the customer looks at, once they have agreed to it;
 * never where the browser asks for privacy. A page's path goes without query and fragment. What it
 * shows is told by the page itself (page.js), or found by `data-tenin-sku` (docs/privacy.md); goods
 * of a list count when they have been in view for a while.
 */

import { wantsPrivacy } from "../common/device.js";
import { changes, current } from "./page.js";
import { post } from "./server.js";

const GOODS = "[data-tenin-sku]:not(html, body, main), li.product[id]";
const WHOLE = "body[data-tenin-sku], main[data-tenin-sku]";
const LOOKED = 2000; // milliseconds in view
const MOST = 10; // goods of one page
const LONGEST = 200;
const DAY = 86_400;

let chat = null;
let page = null; // what is looked at: {url, title, sku, kind}
let since = 0;
let goods = new Set();

/** Begins to tell, for as long as the chat says that it may. @param {import("./chat.js").Chat} of */
export function follow(of) {
  const first = chat === null;
  chat = of;
  if (wantsPrivacy()) return;
  if (first) {
    window.addEventListener("popstate", () => look());
    window.navigation?.addEventListener("navigatesuccess", () => look());
    document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && left());
    changes.addEventListener("change", () => look());
    watchGoods();
  }
  page = null;
  goods = new Set();
  look();
}

function look() {
  const now = shown();
  if (page && now.url === page.url && now.sku === page.sku) return;
  if (page) left();
  page = now;
  since = performance.now();
  goods.clear();
  tell(page);
}

/** The page is left, or another one shown in its place. */
function left() {
  const seconds = Math.min(DAY, Math.round((performance.now() - since) / 1000));
  if (page && seconds > 0) tell({ ...page, seconds });
}

function shown() {
  const told = current();
  const sku = told.sku ?? document.querySelector(WHOLE)?.dataset.teninSku;
  const found = sku ? "product" : undefined;
  const kind = told.kind === "other" ? found : told.kind;
  const { pathname } = new URL(told.url);
  return { url: pathname, title: told.title.trim() || pathname, sku, kind };
}

function watchGoods() {
  const timers = new Map();
  const seen = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        clearTimeout(timers.get(target));
        if (isIntersecting) timers.set(target, setTimeout(() => looked(target), LOOKED));
      }
    },
    { threshold: 0.75 },
  );
  const observe = () => document.querySelectorAll(GOODS).forEach((element) => seen.observe(element));
  new MutationObserver(observe).observe(document.body, { childList: true, subtree: true });
  document.addEventListener("click", ({ target }) => target.closest?.(GOODS) && looked(target.closest(GOODS)));
  observe();
}

function looked(element) {
  const sku = element.dataset.teninSku ?? element.id;
  if (!sku || goods.has(sku) || goods.size >= MOST || document.visibilityState !== "visible") return;
  goods.add(sku);
  const name = element.querySelector("h1, h2, h3, h4")?.textContent.trim().slice(0, LONGEST);
  tell({ url: location.pathname, title: name || page.title, sku, kind: "product" });
}

async function tell(view) {
  if (!chat.tells || wantsPrivacy()) return;
  const answer = await chat.ask((token, signal) => post("chat/pages", token, view, { signal, keepalive: true }));
  // Withdrawn in another tab, or by the browser: no more of it.
  if (answer?.status === 422) console.warn("tenin: the page's own words on it were refused:", view);
  if (answer?.status === 403 || answer?.status === 409) chat.tells = false;
}
