/** What /widget.js is to a page of a site that may not show the chat: a word to its developers. */

const site = location.origin;
const chat = new URL(import.meta.url).origin;
console.error(
  `tenin: pages of ${site} may not show the chat of ${chat}. ` +
    `Add ${site} to web.sites in the tenin.yml there, and restart its web tier.`,
);
