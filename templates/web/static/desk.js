// The desk works without this. It gives the keys, dragging, and pages that renew themselves in place.
"use strict";

(() => {
  const draft = () => document.getElementById("draft-page");
  const page = () => draft()?.dataset.page;
  const version = () => draft()?.dataset.version;
  const isOpen = () => Boolean(document.getElementById("acts"));
  const stories = () => [...document.querySelectorAll("#draft-page .story")];
  const keyOf = (story) => story.id.slice("story-".length);
  const isTyping = (target) => Boolean(target.closest?.("input:not([type=radio]), textarea, select, [contenteditable], dialog"));

  // ---- what is being typed outlives a renewed page ----

  const marked = new WeakSet(); // fields that hold something the server does not know yet

  function typed() {
    const field = document.activeElement;
    if (!field?.matches("#draft-page :is(input, textarea)") || field.closest(".panel, .inline")) return null;
    return { form: field.form?.id, name: field.name, value: field.value, isNew: marked.has(field),
      at: [field.selectionStart, field.selectionEnd], version: field.form?.elements.version?.value };
  }

  function retyped(was) {
    const form = was && document.getElementById(was.form);
    const field = form?.elements[was.name];
    if (!field) return;
    if (was.isNew && field.value !== was.value) {
      field.value = was.value;
      marked.add(field);
      // What others did to it meanwhile must collide, not vanish.
      if (form.elements.version) form.elements.version.value = was.version;
      later(form);
    }
    field.focus({ preventScroll: true });
    try { field.setSelectionRange(...was.at); } catch { /* a field without a caret */ }
    count(field);
  }

  // ---- acts ----

  let queue = Promise.resolve();
  // The version in which somebody else's change was first shown here. Whoever has seen a later one has seen all but
  // what they did themselves.
  let foreign = 0;

  // One act after another, so that each knows the version that the one before has made; *seen* is what its maker saw.
  function act(values, seen = version(), from = null) {
    queue = queue.then(() => posted(values, Number(seen), from)).catch(failed);
    return queue;
  }

  async function posted(values, seen, from) {
    const acts = document.getElementById("acts");
    if (!acts) return false;
    const body = new URLSearchParams({ ...values, csrf: acts.elements.csrf.value });
    const isLater = seen > Number(version()); // of a collision that has been told
    body.set("version", seen >= foreign && !isLater ? version() : seen);
    const answer = await fetch(acts.action, { method: "POST", body, headers: { "HX-Request": "true" } });
    const whole = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (answer.ok && whole.getElementById("draft-page")) {
      renew(whole, values, from);
      if (isLater) foreign = Number(version());
      return true;
    }
    notice(whole.getElementById("answer") ?? said(whole));
    return false;
  }

  function said(whole) {
    const text = whole.querySelector("main p")?.textContent ?? "Not saved. Try again in a moment.";
    const box = document.createElement("p");
    box.className = "fault";
    box.textContent = text;
    return box;
  }

  function failed() {
    const box = document.createElement("p");
    box.className = "fault";
    box.textContent = "Not saved: the desk did not answer. What you typed is still here; try again in a moment.";
    notice(box);
  }

  function notice(content) {
    const place = document.getElementById("notice");
    place.replaceChildren(document.importNode(content, true));
    place.querySelectorAll("h1").forEach((title) => title.setAttribute("role", "presentation"));
    place.scrollIntoView({ block: "nearest" });
  }

  // Put the new draft in the place of the old one; what is open, chosen and typed stays so.
  function renew(whole, values, from) {
    const was = typed();
    const chosen = keyOf(document.querySelector(".story.chosen") ?? { id: "story-" });
    const focused = document.activeElement;
    const again = focused?.closest(".story") && focused.matches(".do button")
      ? [keyOf(focused.closest(".story")), focused.textContent] : null;
    const panels = [...document.querySelectorAll(".story > .panel")].map((panel) => [keyOf(panel.parentElement), panel]);
    const inPanel = focused?.closest(".panel") ? focused : null;
    const before = version();
    document.getElementById("notice").replaceChildren();
    draft().replaceWith(document.adoptNode(whole.getElementById("draft-page")));
    document.getElementById("saved").textContent = whole.getElementById("saved").textContent.trim();
    const parts = document.querySelector(".rail .parts");
    if (parts) parts.replaceWith(document.adoptNode(whole.querySelector(".rail .parts")));
    if (!values || document.getElementById("meanwhile")) foreign = Number(version());
    window.htmx?.process(draft());
    dress();
    for (const [key, panel] of panels) {
      const story = document.getElementById(`story-${key}`);
      const texts = panel.contains(from) && String(values?.do).startsWith("rewrite");
      if (!story) continue;
      if (texts || panel.querySelector("[data-new]")) story.append(panel);
      else open(story);
    }
    if (inPanel?.isConnected) {
      const at = [inPanel.selectionStart, inPanel.selectionEnd];
      inPanel.focus({ preventScroll: true });
      try { inPanel.setSelectionRange(...at); } catch { /* a button, or a field without a caret */ }
    }
    if (chosen) choose(document.getElementById(`story-${chosen}`), false);
    if (again) {
      const story = document.getElementById(`story-${again[0]}`);
      const buttons = [...(story?.querySelectorAll(".do button") ?? [])];
      (buttons.find((button) => button.textContent === again[1]) ?? buttons[0])?.focus();
    }
    retyped(was);
    if (version() !== before) preview();
  }

  async function reload() {
    const answer = await fetch(page());
    const whole = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (whole.getElementById("draft-page")) renew(whole, null, null);
    else location.assign(page());
  }

  let previewing;
  function preview() {
    clearTimeout(previewing);
    previewing = setTimeout(() => {
      const frame = document.querySelector("#preview iframe");
      if (!frame || !window.htmx) return;
      // A tab that has just been chosen comes first, or this would show the one before it again.
      if (document.querySelector("#preview .htmx-request")) return preview();
      const query = new URL(frame.src).searchParams;
      query.delete("v");
      // Asked in the name of the preview, it gives way to a tab that is chosen before the answer is there.
      const ways = { source: "#preview", target: "#preview", select: "#preview", swap: "outerHTML" };
      window.htmx.ajax("GET", `${page()}/proof?${query}`, ways).catch(() => {}); // given up for a tab: no fault
    }, 200);
  }

  // ---- forms and buttons ----

  const isEdit = (form) => form.method === "post" && new URL(form.action, location).pathname.endsWith("/edit");

  let clicks = 0;
  document.addEventListener("click", (event) => { clicks = event.detail; }, true);

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!draft() || !isEdit(form) || form.hasAttribute("data-whole")) return;
    if (event.submitter?.value === "fetch") return;
    event.preventDefault();
    // The second click of a double click means the first; going up and down goes on.
    if (clicks > 1 && form.id === "acts" && !/^(up|down) /.test(event.submitter?.value)) return;
    clearTimeout(waiting.get(form));
    save(form, event.submitter);
  });

  function save(form, button) {
    const values = Object.fromEntries(new FormData(form, button));
    const sent = [...form.elements].filter((field) => marked.has(field)).map((field) => [field, field.value]);
    return act(values, form.elements.version.value, form).then((done) => {
      if (!done) return;
      for (const [field, value] of sent) {
        if (field.value === value) unmark(field);
        const was = form.elements[`was.${field.name}`];
        if (was) was.value = value;
      }
    });
  }

  const waiting = new WeakMap();
  const autosaved = (form) => form?.matches?.("form.words, form.texts");

  function later(form, wait = 1500) {
    clearTimeout(waiting.get(form));
    waiting.set(form, setTimeout(() => {
      if (form.isConnected && form.checkValidity()) save(form, form.querySelector("button[name=do]"));
    }, wait));
  }

  function mark(field) { marked.add(field); field.dataset.new = ""; }
  function unmark(field) { marked.delete(field); delete field.dataset.new; }

  document.addEventListener("input", (event) => {
    const field = event.target;
    count(field);
    if (!autosaved(field.form)) return;
    mark(field);
    later(field.form);
  });
  document.addEventListener("change", (event) => {
    if (autosaved(event.target.form) && marked.has(event.target)) later(event.target.form, 0);
  });

  function count(field) {
    if (!field.dataset?.limit) return;
    const hint = document.getElementById(field.getAttribute("aria-describedby"));
    const length = [...field.value].length;
    hint.querySelector(".count").textContent = length;
    hint.classList.toggle("long", length > Number(field.dataset.limit));
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a");
    if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
    const story = event.target.closest?.(".story");
    if (link?.hasAttribute("data-renew") && draft()) {
      event.preventDefault();
      reload();
    } else if (link?.id === "add-own") {
      event.preventDefault();
      add(link);
    } else if (link && story && link.closest(".do")) {
      event.preventDefault();
      choose(story, false);
      toggle(story, link.hash);
    } else if (story && event.target.closest("h3") && isOpen() && !event.target.closest(".inline")) {
      choose(story, false);
      rename(story);
    }
  });

  // What the program itself has done, as fetching pictures, needs nobody's word.
  document.addEventListener("htmx:afterSwap", () => {
    if (document.querySelector("#others [data-quiet]") && draft()) reload();
  });

  // ---- one story opened ----

  function toggle(story, hash) {
    const panel = story.querySelector(":scope > .panel");
    if (panel) panel.remove();
    else open(story, hash);
  }

  async function open(story, hash) {
    const key = keyOf(story);
    let whole;
    try {
      const answer = await fetch(`${page()}/story/${key}`);
      whole = new DOMParser().parseFromString(await answer.text(), "text/html");
    } catch { return failed(); }
    const panel = whole.getElementById("panel");
    if (!panel) return location.assign(`${page()}/story/${key}`);
    const place = document.getElementById(`story-${key}`);
    if (!place) return;
    place.querySelector(":scope > .panel")?.remove();
    panel.id = "";
    panel.removeAttribute("id");
    // On a page of its own its forms lead back to that page; here they lead to the draft.
    panel.querySelectorAll("[name=back]").forEach((field) => field.remove());
    const why = panel.querySelector("#why");
    why?.removeAttribute("id");
    place.append(document.adoptNode(panel));
    if (hash === "#why") why?.scrollIntoView({ block: "nearest" });
  }

  async function add(link) {
    const answer = await fetch(link.href);
    const whole = new DOMParser().parseFromString(await answer.text(), "text/html");
    const form = whole.getElementById("add");
    if (!form) return location.assign(link.href);
    link.replaceWith(document.adoptNode(form));
    form.elements.url.focus();
  }

  document.addEventListener("click", async (event) => {
    const button = event.target.closest?.("#add button[value=fetch]");
    if (!button || !draft()) return;
    event.preventDefault();
    const form = button.form;
    const body = new URLSearchParams(new FormData(form, button));
    button.disabled = true;
    try {
      const answer = await fetch(form.action, { method: "POST", body, headers: { "HX-Request": "true" } });
      const whole = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = whole.getElementById("add");
      if (fresh) { form.replaceWith(document.adoptNode(fresh)); fresh.elements.headline.focus(); }
      else notice(whole.getElementById("answer") ?? said(whole));
    } catch { failed(); }
    button.disabled = false;
  });

  // ---- a headline edited in its place ----

  function rename(story) {
    const title = story.querySelector("h3");
    if (title.querySelector(".inline")) return;
    const old = title.textContent;
    const field = document.createElement("textarea");
    field.className = "inline";
    field.rows = 2;
    field.maxLength = 300;
    field.value = old;
    field.setAttribute("aria-label", "Headline");
    title.replaceChildren(field);
    field.focus();
    field.select();
    const shown = version();
    let isDone = false;
    const end = (isKept) => {
      if (isDone) return;
      isDone = true;
      const text = field.value.trim();
      title.textContent = isKept && text ? text : old;
      if (isKept && text && text !== old) act({ do: `rewrite ${keyOf(story)}`, headline: text }, shown);
    };
    field.addEventListener("blur", () => end(true));
    field.addEventListener("keydown", (event) => {
      if (event.key === "Enter") { event.preventDefault(); end(true); story.focus(); }
      if (event.key === "Escape") { event.stopPropagation(); end(false); story.focus(); }
    });
  }

  // ---- keys ----

  function choose(story, moves = true) {
    if (!story) return;
    document.querySelectorAll(".story.chosen").forEach((other) => other.classList.remove("chosen"));
    story.classList.add("chosen");
    if (moves) {
      story.focus({ preventScroll: true });
      story.scrollIntoView({ block: "nearest" });
    }
  }

  function step(by) {
    const all = stories();
    const at = all.findIndex((story) => story.classList.contains("chosen"));
    choose(all[at < 0 ? 0 : Math.min(all.length - 1, Math.max(0, at + by))]);
  }

  const press = (story, ...verbs) => {
    const button = verbs.map((verb) => story.querySelector(`button[value^="${verb} "]`)).find(Boolean);
    if (button) act({ do: button.value });
  };

  const keys = {
    j: () => step(1), ArrowDown: () => step(1), k: () => step(-1), ArrowUp: () => step(-1),
    p: (story) => press(story, "pin", "unpin"),
    x: (story) => { const next = story.nextElementSibling ?? story.previousElementSibling; press(story, "drop"); choose(next); },
    Enter: (story) => toggle(story),
    e: (story) => rename(story),
    "S-ArrowUp": (story) => press(story, "up"), "S-ArrowDown": (story) => press(story, "down"),
    u: () => act({ do: "undo" }), "S-U": () => act({ do: "redo" }),
    a: () => [...document.querySelectorAll(".decide button, .decide a.button")].find((button) => /^Approve/.test(button.textContent.trim()))?.focus(),
    "?": () => document.getElementById("keys")?.showModal(), "S-?": () => document.getElementById("keys")?.showModal(),
  };
  const general = new Set(["j", "k", "ArrowDown", "ArrowUp", "u", "S-U", "a", "?", "S-?"]);

  document.addEventListener("keydown", (event) => {
    if (!draft() || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || isTyping(event.target)) return;
    const name = (event.shiftKey ? "S-" : "") + event.key;
    const does = keys[name];
    if (!does) return;
    if (!isOpen() && !["j", "k", "ArrowDown", "ArrowUp", "Enter"].includes(name)) return;
    const story = document.querySelector(".story.chosen");
    const isElsewhere = event.target !== document.body && !event.target.closest(".story");
    // Arrows scroll, and Enter presses what has the focus, unless the list of stories is where one is.
    if (/Arrow|Enter/.test(name) && (isElsewhere || (!story && name !== "ArrowDown"))) return;
    if (name === "Enter" && event.target.closest("button, a, summary")) return;
    if (!general.has(name) && !story) return;
    event.preventDefault();
    does(story);
  });

  document.addEventListener("focusin", (event) => {
    const story = event.target.closest?.(".story");
    if (story) choose(story, false);
  });

  // ---- dragging, with a mouse, a pen or a finger ----

  let drag = null;

  document.addEventListener("pointerdown", (event) => {
    const grip = event.target.closest?.(".grip");
    if (!grip || event.button) return;
    event.preventDefault();
    drag = { story: grip.closest(".story"), pointer: event.pointerId, x: event.clientX, y: event.clientY, isMoved: false };
    grip.setPointerCapture(event.pointerId);
  });

  document.addEventListener("pointermove", (event) => {
    if (!drag || event.pointerId !== drag.pointer) return;
    if (!drag.isMoved && Math.hypot(event.clientX - drag.x, event.clientY - drag.y) < 6) return;
    if (!drag.isMoved) {
      drag.isMoved = true;
      drag.line = document.createElement("li");
      drag.line.className = "here";
      drag.story.classList.add("dragged");
    }
    const edge = 60;
    if (event.clientY < edge) window.scrollBy(0, -12);
    if (event.clientY > window.innerHeight - edge) window.scrollBy(0, 12);
    const list = listAt(event.clientY);
    const after = [...list.children].filter((each) => each !== drag.line)
      .find((each) => { const box = each.getBoundingClientRect(); return event.clientY < box.top + box.height / 2; });
    list.insertBefore(drag.line, after ?? null);
  });

  function listAt(y) {
    const lists = [...document.querySelectorAll("#draft-page .part")];
    return (lists.findLast((part) => part.getBoundingClientRect().top <= y) ?? lists[0]).querySelector("ol");
  }

  function drop(isTaken) {
    if (!drag) return;
    const { story, line } = drag;
    drag = null;
    story.classList.remove("dragged");
    if (!line) return;
    const next = [...line.parentElement.children].slice([...line.parentElement.children].indexOf(line) + 1)
      .find((each) => each !== story);
    const before = next?.classList.contains("story") ? keyOf(next) : "";
    const section = line.closest(".part").dataset.slug;
    const isThere = line.previousElementSibling === story || line.nextElementSibling === story;
    if (isTaken && !isThere) {
      line.replaceWith(story); // shown at once; the answer puts it right if it must be
      act({ do: `move ${keyOf(story)}`, section, before }).then((done) => { if (done === false) reload(); });
    } else line.remove();
  }
  document.addEventListener("pointerup", () => drop(true));
  document.addEventListener("pointercancel", () => drop(false));
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") drop(false); });

  // ---- what only a script can use is made by it ----

  function dress() {
    if (!draft()) return;
    for (const story of stories()) {
      story.tabIndex = -1;
      if (!isOpen()) continue;
      const grip = document.createElement("span");
      grip.className = "grip";
      grip.setAttribute("aria-hidden", "true");
      story.prepend(grip);
    }
    draft().classList.add("dressed");
    document.querySelectorAll("[data-limit]").forEach(count);
  }

  dress();
})();
