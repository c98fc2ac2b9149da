// Stands in the sign-up page, whose policy allows this very text and no other script.
// A fresh form asks for the newsletter's time zone; where nobody has chosen yet, take the browser's if it is offered.
"use strict";

const zones = document.querySelector('form[data-zone="guess"] select[name="time_zone"]');
if (zones) {
  const here = new Intl.DateTimeFormat().resolvedOptions().timeZone;
  const isUntouched = zones.selectedOptions[0]?.defaultSelected;
  if (isUntouched && Array.from(zones.options).some((option) => option.value === here)) {
    zones.value = here;
  }
}
