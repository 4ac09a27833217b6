/** What comes with a visitor's word on whether pages may be told: telling them, and invitations. */

import { follow } from "./context.js";
import { visitors, visitorsInChat } from "./invite.js";

export const visitor = { follow, visitors, visitorsInChat };
