/** The names under which the chat keeps what it keeps on the device. */

export const TOKEN = "tenin.session";
export const LANGUAGE = "tenin.language";
export const CHOSEN = "tenin.chosen"; // the language that was chosen in the menu
export const SEEN = "tenin.seen";
export const CUSTOMER = "tenin.customer"; // kept while the session is a signed-in customer's
export const OUTGOING = "tenin.outgoing.";
export const PAGES = "tenin.pages"; // kept while this session's pages may be told
export const FORGET = "tenin.visitor.forget"; // whom the server has still to forget
export const CONTINUED = "tenin.continued"; // a link has put the session there: open the chat once
export const SOUND = "tenin.sound"; // a sound was asked for
export const MICROPHONE = "tenin.microphone"; // it was agreed that the browser's maker may hear
export const FILES = "tenin.files"; // of the tab alone: names of files that are not sent yet
