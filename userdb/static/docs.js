// Sends what a form of the page /docs describes, and shows the answer as it came.
"use strict";

function request(form) {
  let path = form.dataset.path;
  const query = new URLSearchParams();
  const options = { method: form.dataset.method, headers: {}, cache: "no-store" };
  const token = document.getElementById("token").value.trim();
  if ("secured" in form.dataset && token) {
    options.headers.Authorization = `Bearer ${token}`;
  }
  for (const field of form.querySelectorAll("[data-place]")) {
    const { name, value } = field;
    if (field.dataset.place === "path") {
      path = path.replace(`{${name}}`, encodeURIComponent(value));
    } else if (field.dataset.place === "body") {
      options.body = value;
      options.headers["Content-Type"] = "application/json";
    } else if (field.dataset.place === "file") {
      options.body = new FormData(form);
    } else if (value !== "") {
      if (field.dataset.place === "query") {
        query.set(name, value);
      } else {
        options.headers[name] = value;
      }
    }
  }
  return [query.size ? `${path}?${query}` : path, options];
}

async function send(form) {
  const [url, options] = request(form);
  const shown = form.querySelector("pre");
  shown.hidden = false;
  shown.textContent = `${options.method} ${url} …`;
  try {
    const answer = await fetch(url, options);
    const headers = [...answer.headers].map(([name, value]) => `${name}: ${value}`).join("\n");
    const head = `${options.method} ${url}\n\n${answer.status} ${answer.statusText}\n${headers}\n\n`;
    let body = "";
    shown.textContent = head;
    const reader = answer.body && answer.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let piece = reader && (await reader.read()); piece && !piece.done; piece = await reader.read()) {
      body += piece.value; // as it comes: events have no end
      shown.textContent = head + body;
    }
    if (url === "/api/login" && answer.ok) {
      document.getElementById("token").value = JSON.parse(body).token;
    }
  } catch (error) {
    shown.textContent = `${options.method} ${url}\n\nno answer: ${error.message}`;
  }
}

// Without this script the buttons stay disabled: the browser would send what was typed, passwords too, as part of a URL.
for (const form of document.querySelectorAll("form.try")) {
  form.querySelector("button").disabled = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(form);
  });
}
