"use strict";
(() => {
  const root = document.documentElement;
  const remembered = (() => { try { return localStorage.getItem("theme"); } catch { return null; } })();
  if (remembered) root.dataset.theme = remembered;
  for (const part of document.querySelectorAll(".scripted")) part.hidden = false;

  document.getElementById("theme").addEventListener("click", () => {
    const dark = root.dataset.theme
      ? root.dataset.theme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    try { localStorage.setItem("theme", root.dataset.theme); } catch { /* a page from disk may have no store */ }
  });

  // The text below each heading, up to the next one, is what the search looks through.
  const sections = [];
  for (const element of document.querySelectorAll("main h1, main h2, main h3, main h4, main p, main li, main td, main pre, main dd, main summary, main figcaption")) {
    if (/^H[1-4]$/.test(element.tagName)) {
      sections.push({ heading: element, texts: [] });
    } else if (sections.length) {
      sections[sections.length - 1].texts.push(element.textContent);
    }
  }
  const indexed = sections.map(({ heading, texts }) => {
    const title = heading.textContent.replace(/\s*#\s*$/, "");
    return { id: heading.id || "article", title, text: (title + " " + texts.join(" ")).replace(/\s+/g, " ") };
  });
  const query = document.getElementById("query");
  const results = document.getElementById("results");

  const excerpt = (text, word) => {
    const at = text.toLowerCase().indexOf(word);
    const start = Math.max(0, at - 40);
    const small = document.createElement("small");
    const mark = document.createElement("mark");
    mark.textContent = text.slice(at, at + word.length);
    small.append((start ? "…" : "") + text.slice(start, at), mark, text.slice(at + word.length, at + 70) + "…");
    return small;
  };
  const search = () => {
    const words = query.value.toLowerCase().split(/\s+/).filter(Boolean);
    results.replaceChildren();
    if (!words.length) return;
    const found = indexed.filter(({ text }) => words.every((word) => text.toLowerCase().includes(word)));
    for (const { id, title, text } of found.slice(0, 12)) {
      const link = document.createElement("a");
      link.href = "#" + id;
      link.textContent = title;
      const item = document.createElement("li");
      item.append(link, excerpt(text, words[0]));
      results.append(item);
    }
    if (!found.length) {
      const item = document.createElement("li");
      item.textContent = results.dataset.none;
      results.append(item);
    }
  };
  query.addEventListener("input", search);
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !/^(INPUT|TEXTAREA)$/.test(document.activeElement.tagName)) {
      event.preventDefault();
      query.focus();
    } else if (event.key === "Escape" && document.activeElement === query) {
      query.value = "";
      search();
    }
  });

  // A link into a folded block opens it.
  const unfold = () => {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (let element = target; element; element = element.parentElement) {
      if (element.tagName === "DETAILS") element.open = true;
    }
  };
  addEventListener("hashchange", unfold);
  unfold();

  // Narrow pages start with the contents folded; the section in view is marked in the contents.
  if (matchMedia("(max-width: 62rem)").matches) document.querySelector(".toc").open = false;
  const side = document.querySelector(".side");
  const keepInView = (entry) => {
    if (side.scrollHeight <= side.clientHeight) return;
    const [box, frame] = [entry.getBoundingClientRect(), side.getBoundingClientRect()];
    if (box.top < frame.top || box.bottom > frame.bottom) side.scrollTop += box.top - frame.top - frame.height / 2;
  };
  const entries = new Map([...document.querySelectorAll(".toc a")].map((a) => [decodeURIComponent(a.hash.slice(1)), a]));
  if ("IntersectionObserver" in window) {
    const observer = new IntersectionObserver((seen) => {
      for (const { target, isIntersecting } of seen) {
        if (!isIntersecting || !entries.has(target.id)) continue;
        for (const a of entries.values()) a.removeAttribute("aria-current");
        entries.get(target.id).setAttribute("aria-current", "true");
        keepInView(entries.get(target.id));
      }
    }, { rootMargin: "0px 0px -75% 0px" });
    for (const heading of document.querySelectorAll("main h2, main h3")) observer.observe(heading);
  }
})();
