// The pages of one project or component: everything is there already but the buttons that copy.

import { letCopy } from "./code.js";

letCopy();
