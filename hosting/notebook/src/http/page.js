"use strict";

async function send(form) {
  const parameter = (name) => form.querySelector(`[data-parameter="${CSS.escape(name)}"]`).value;
  const path = form.dataset.path.replace(/\{([^}]*)\}/g, (_, name) => encodeURIComponent(parameter(name)));
  const query = form.elements.query.value.replace(/^\?/, "");
  const options = { method: form.dataset.verb, headers: {} };
  const key = document.getElementById("key");
  if (key.value !== "") {
    options.headers.Authorization = `Bearer ${key.value}`;
  }
  if (form.elements.body && form.elements.body.value !== "") {
    options.body = form.elements.body.value;
    options.headers["Content-Type"] = form.elements.kind.value;
  }
  const reply = await fetch(path + (query ? `?${query}` : ""), options);
  if (reply.status === 401) {
    key.parentElement.hidden = false;
  }
  const kind = reply.headers.get("Content-Type") || "";
  const head = `${reply.status} ${reply.statusText}, ${kind || "no content type"}`;
  if (kind.startsWith("image/")) {
    const image = document.createElement("img");
    image.src = await dataUrl(await reply.blob());
    return [head, image];
  }
  const text = document.createElement("pre");
  text.textContent = await reply.text();
  return [head, text];
}

function dataUrl(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
}

for (const form of document.forms) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const place = form.nextElementSibling;
    place.replaceChildren("waiting");
    try {
      place.replaceChildren(...(await send(form)));
    } catch (error) {
      place.replaceChildren(`not answered: ${error.message}`);
    }
  });
}
