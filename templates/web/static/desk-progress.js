// The page says how an Edition stood when it was asked for. With this it goes on telling.
"use strict";

(() => {
  const MINUTE = 60, HOUR = 3600, DAY = 86400;

  // As the server says it: "in 1 h 12 min".
  function span(seconds) {
    if (seconds < MINUTE) return "less than a minute";
    if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)} min`;
    if (seconds < DAY) {
      const minutes = Math.floor(seconds / MINUTE) % 60;
      return `${Math.floor(seconds / HOUR)} h${minutes ? ` ${minutes} min` : ""}`;
    }
    const days = Math.floor(seconds / DAY), hours = Math.floor(seconds / HOUR) % 24;
    return hours && days < 3 ? `${days} d ${hours} h` : `${days} d`;
  }

  function until(seconds) {
    if (Math.abs(seconds) < MINUTE) return "now";
    return seconds > 0 ? `in ${span(seconds)}` : `${span(-seconds)} ago`;
  }

  // When each clock was first seen here: this machine's own time counts for nothing, and parts of the page are renewed.
  const seen = new WeakMap();
  function tick() {
    for (const clock of document.querySelectorAll("[data-until]")) {
      if (!seen.has(clock)) seen.set(clock, performance.now());
      const passed = performance.now() - seen.get(clock);
      const left = (Date.parse(clock.dataset.until) - Date.parse(clock.dataset.now) - passed) / 1000;
      clock.textContent = left <= 0 && "goes" in clock.dataset ? "now" : until(left);
    }
  }
  tick();
  setInterval(tick, 5000);

  const progress = document.querySelector("[data-stream]");
  if (progress === null) return;
  const source = new EventSource(progress.dataset.stream);
  const renew = progress.querySelector(".renew");
  source.addEventListener("figures", (event) => {
    progress.querySelector("[data-figures]").innerHTML = event.data;
    if (renew) renew.hidden = true;
  });
  // What may be decided has changed with the state. Nothing is lost: what goes out cannot be edited.
  source.addEventListener("state", () => {
    source.close();
    location.replace(location.pathname);
  });
  source.addEventListener("error", () => {
    if (renew && source.readyState === EventSource.CLOSED) renew.hidden = false;
  });
  // What is decided here leads to a page of its own.
  for (const leaving of ["submit", "pagehide"]) addEventListener(leaving, () => source.close());
})();
