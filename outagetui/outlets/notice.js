(() => {
  const script = document.currentScript;
  if (!script) return;
  const place = document.createElement("div");
  const source = new URL("notice.html", script.src);
  const tags = /^(DIV|P|STRONG|UL|LI|A|SPAN|TIME)$/, safe = /^(https?|mailto|tel|sips?|xmpp|ircs?|matrix):/i;
  let last = "";
  const copy = (from, to) => from.childNodes.forEach(node => {
    if (node.nodeType === 3) to.append(node.data);
    if (node.nodeType !== 1 || !tags.test(node.tagName)) return;
    const made = document.createElement(node.tagName);
    for (const name of "class lang dir role datetime".split(" "))
      if (node.hasAttribute(name)) made.setAttribute(name, node.getAttribute(name));
    made.style.cssText = node.getAttribute("style") || "";
    if (safe.test(node.getAttribute("href"))) made.href = node.getAttribute("href");
    copy(node, made);
    to.append(made);
  });
  const look = async () => {
    if (document.hidden) return;
    try {
      const reply = await fetch(source, { credentials: "omit", cache: "no-cache", referrerPolicy: "no-referrer" });
      const text = reply.ok ? await reply.text() : last;
      if (text === last) return;
      const body = new DOMParser().parseFromString(text, "text/html").body;
      place.replaceChildren();
      copy(body, place);
      last = text;
    } catch {}
  };
  place.style.cssText = "all:revert!important";
  script.after(place);
  look();
  setInterval(look, 6e4);
  document.addEventListener("visibilitychange", look);
})();
