/** The leads' page of figures: today's are brought up to date every half minute, in place. */

const SECONDS = 30;

/** Puts in the new content of the page's living part, row by row, so that nothing jumps. */
async function refresh() {
  const response = await fetch(location.href, { cache: "no-store" }).catch(() => null);
  if (!response?.ok || response.redirected) return;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const [old, fresh] = [document, page].map((each) => each.getElementById("live"));
  if (!fresh || old.isEqualNode(fresh)) return;
  const region = document.activeElement?.closest?.(".scroll");
  const places = new Map([...old.querySelectorAll(".scroll")].map((each) => [label(each), each.scrollLeft]));
  old.replaceWith(document.importNode(fresh, true));
  for (const each of document.querySelectorAll("#live .scroll")) {
    each.scrollLeft = places.get(label(each)) ?? 0;
    if (region && label(each) === label(region)) each.focus({ preventScroll: true });
  }
}

function label(region) {
  return region.getAttribute("aria-labelledby");
}

setInterval(() => {
  if (!document.hidden) refresh();
}, SECONDS * 1000);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) refresh();
});
