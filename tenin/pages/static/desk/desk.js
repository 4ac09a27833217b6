/** The desk page: ties what is known to the elements of templates/desk.html. */

import "./icons.js";
import { Store } from "../common/device.js";
import { loadStrings } from "../common/strings.js";
import { Attention } from "./attention.js";
import { Bar } from "./bar.js";
import { CaseCard } from "./card.js";
import { ConversationView } from "./conversation.js";
import { ConversationList } from "./list.js";
import { LongStrings } from "./long_strings.js";
import { Desk } from "./model.js";
import { Offers } from "./offers.js";
import { Search } from "./search.js";
import { shownByAddress } from "./signs.js";
import { Visitors } from "./visitors.js";

const IDS = ["list", "conversation", "card", "offers", "notice", "agent", "connection", "leads", "train", "presence", "leave", "sound", "visitors"];
const strings = await loadStrings([document.documentElement.lang], ["common", "errors", "desk", "upload"], LongStrings);
const parts = Object.fromEntries(IDS.map((id) => [id, document.getElementById(id)]));
let drawing = false;

const desk = new Desk(() => {
  if (drawing) return; // many changes at once are drawn once
  drawing = true;
  setTimeout(draw);
});
const onSearch = () => search.open();
const conversation = new ConversationView(strings, desk, parts.conversation, { onSearch });
const search = new Search(strings, desk, (text) => conversation.writing.insert(text));
const card = new CaseCard(strings, desk, parts.card);
const views = [
  new Bar(strings, desk, parts),
  new Offers(strings, desk, parts.offers),
  new ConversationList(strings, desk, parts.list),
  conversation,
  card,
  new Visitors(strings, desk, parts.visitors),
  new Attention(strings, desk, new Store(), parts.sound),
];

function draw() {
  drawing = false;
  document.body.classList.toggle("reading", desk.openId !== null);
  document.body.classList.toggle("with-card", shownByAddress().pane === "card" && desk.openId !== null);
  for (const view of views) view.update();
}

function follow() {
  const left = desk.openId;
  const hadCard = document.body.classList.contains("with-card");
  const { id, pane } = shownByAddress();
  desk.show(id);
  draw();
  // On a phone one pane follows the other: the focus goes along, and back to where one was.
  if (id && pane === "card") card.focus();
  else if (id && hadCard && left === id) conversation.focusHead();
  else if (left && !id) parts.list.querySelector(`[data-conversation="${CSS.escape(left)}"]`)?.focus();
}

window.addEventListener("hashchange", follow);
follow();
desk.start();
draw();
