// The desk works without this. It gives the keys, dragging, and pages that renew themselves in place.
"use strict";
