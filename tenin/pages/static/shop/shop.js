/**
 * The demo shop's own script: a cart that lives as long as the page, and what a real shop's page
 * tells the chat (docs/widget.md, docs/invitations.md): what is looked at, what is in the cart,
 * what was ordered, and that the visitor agreed.
 */

const AGREED = "kodama.visitors"; // the visitor's answer, kept once they gave one
await customElements.whenDefined("tenin-chat");
const chat = document.querySelector("tenin-chat");
const cart = new Map(); // pieces by SKU
const part = (id) => document.getElementById(id);
const goods = [...document.querySelectorAll("li.product[data-price]")];
const bySku = new Map(goods.map((product) => [product.id, product]));

function worth() {
  let value = 0;
  for (const [sku, count] of cart) value += count * Number(bySku.get(sku).dataset.price);
  return Math.round(value * 100) / 100;
}

function filled() {
  const count = [...cart.values()].reduce((sum, each) => sum + each, 0);
  return count > 0 ? { count, value: worth(), currency: goods[0].dataset.currency } : undefined;
}

/** What is looked at, by the address: the cart, a product, or the shop. */
function tell(more = {}) {
  const place = location.hash.slice(1);
  const product = bySku.get(place);
  const shown = { url: `${location.pathname}${place ? `/${place}` : ""}`, cart: filled() };
  if (place === "cart") Object.assign(shown, { kind: "cart", title: part("cart-title").textContent });
  else if (product) Object.assign(shown, { kind: "product", sku: place, title: product.querySelector("h3").textContent });
  else Object.assign(shown, { kind: "home", title: document.title });
  chat.page(Object.fromEntries(Object.entries({ ...shown, ...more }).filter(([, value]) => value !== undefined)));
}

function draw() {
  const now = filled();
  part("cart-count").textContent = String(now?.count ?? 0);
  part("cart-empty").hidden = Boolean(now);
  part("cart-total").hidden = part("order").hidden = !now;
  const money = new Intl.NumberFormat(document.documentElement.lang, { style: "currency", currency: goods[0].dataset.currency });
  part("cart-sum").textContent = money.format(worth());
  part("cart-goods").replaceChildren(
    ...[...cart].map(([sku, count]) => {
      const row = document.createElement("li");
      row.textContent = `${bySku.get(sku).querySelector("h3").textContent} × ${count}`;
      return row;
    }),
  );
}

/** The cart stands over the goods while the address says so. */
function follow() {
  const open = location.hash === "#cart";
  part("cart").hidden = !open;
  if (open) part("cart").scrollIntoView({ block: "start" });
  tell();
}

for (const product of goods) {
  product.querySelector("button")?.addEventListener("click", () => {
    cart.set(product.id, (cart.get(product.id) ?? 0) + 1);
    part("ordered").hidden = true;
    draw();
    tell();
  });
}
part("order").addEventListener("click", () => {
  const { value, currency } = filled();
  cart.clear();
  draw();
  part("ordered").hidden = false;
  tell({ kind: "order", ordered: { value, currency } });
});
window.addEventListener("hashchange", follow);

/** Asked once, where the browser does not say no by itself. */
function ask() {
  const given = localStorage.getItem(AGREED);
  const refused = navigator.globalPrivacyControl === true || navigator.doNotTrack === "1";
  if (refused) return;
  if (given === "yes") chat.visitors(true);
  part("agree").hidden = given !== null;
  for (const [id, answer] of [["agree-yes", "yes"], ["agree-no", "no"]]) {
    part(id).addEventListener("click", () => {
      localStorage.setItem(AGREED, answer);
      chat.visitors(answer === "yes");
      part("agree").hidden = true;
    });
  }
}

draw();
follow();
ask();
