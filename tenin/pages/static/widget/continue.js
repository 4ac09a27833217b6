/** The page behind a mail's link: gives the shop's page the session, and goes there. */

import { Store } from "../common/device.js";
import { CONTINUED, CUSTOMER, LANGUAGE, SEEN, TOKEN } from "./stored.js";

const { token, language, shop } = document.querySelector("script[data-token]").dataset;
const store = new Store();
store.remove(CUSTOMER); // whoever was signed in here is not by this link
store.remove(SEEN);
store.set(LANGUAGE, language);
store.set(CONTINUED, "1");
store.set(TOKEN, token);
location.replace(shop);
