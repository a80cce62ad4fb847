// SPDX-License-Identifier: GPL-3.0-or-later
// Puts the code of a reset link into the form, and takes it out of the address and the browser's history.
"use strict";
const field = document.getElementById("code");
if (field && location.hash.length > 1) {
  field.value = location.hash.slice(1);
  history.replaceState(null, "", location.pathname);
  document.getElementById("new").focus();
}
