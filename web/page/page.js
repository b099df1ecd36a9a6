// What the server shows of itself: the form that makes the first superuser, and what the links in
// mails lead to. The part of the address after the # says which; it never reaches a server's log.

const main = document.querySelector("main");

const element = (name, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
};

// What a token says of itself; the server alone can say whether that is true.
const claims = (token) => {
  try {
    const text = atob(token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/"));
    const said = JSON.parse(new TextDecoder().decode(Uint8Array.from(text, (c) => c.charCodeAt(0))));
    return said instanceof Object ? said : {};
  } catch {
    return {};
  }
};

const api = (path) => new URL("../api/" + path, document.baseURI);

const collection = (token) => {
  const id = String(claims(token).collectionId ?? "");
  return /^\w+$/.test(id) ? id : "_";
};

// Resolves to null where it is done, else to { message, fields: { name: message } }.
const send = async (url, body, token) => {
  let reply;
  try {
    reply = await fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/json", ...(token ? { Authorization: token } : {}) },
      body: JSON.stringify(body),
    });
  } catch {
    return { message: "The server cannot be reached. Please try again.", fields: {} };
  }
  if (reply.ok) return null;
  const answer = await reply.json().catch(() => ({}));
  const fields = {};
  for (const [name, item] of Object.entries(answer.data ?? {})) fields[name] = item.message;
  return { message: answer.message || "Something went wrong (status " + reply.status + ").", fields };
};

const show = (title, ...children) => {
  document.title = title + " · Reeve";
  main.replaceChildren(element("h1", { textContent: title }), ...children);
};

const say = (title, text) => {
  show(title, element("p", { textContent: text, role: "status" }));
};

const field = ({ name, label, type, autocomplete }) => {
  const input = element("input", { name, type, autocomplete, required: true });
  const wrong = element("span", { className: "wrong", id: name + "-wrong" });
  input.setAttribute("aria-describedby", wrong.id);
  return { name, input, wrong, label: element("label", {}, label, input, wrong) };
};

// A form that is sent until the server takes it.
const form = ({ title, hint, fields, deed, done, url, token, extra }) => {
  const inputs = fields.map(field);
  const button = element("button", { textContent: deed });
  const wrong = element("p", { className: "wrong", role: "alert" });
  const sheet = element("form", {}, ...inputs.map((i) => i.label), wrong, button);

  sheet.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    const failure = await send(url, { ...extra, ...Object.fromEntries(new FormData(sheet)) }, token);
    button.disabled = false;
    if (!failure) {
      say(title, done);
      return;
    }
    const others = Object.entries(failure.fields).filter(([name]) => !inputs.some((i) => i.name === name));
    for (const input of inputs) {
      input.wrong.textContent = failure.fields[input.name] ?? "";
      input.input.setAttribute("aria-invalid", String(input.name in failure.fields));
    }
    wrong.textContent = [failure.message, ...others.map(([name, message]) => name + ": " + message)].join(" ");
  });
  show(title, element("p", { className: "hint", textContent: hint }), sheet);
  inputs[0].input.focus();
};

const EMAIL = { name: "email", label: "E-mail", type: "email", autocomplete: "username" };
const PASSWORD = { name: "password", label: "Password", type: "password", autocomplete: "current-password" };
const NEW_PASSWORD = { ...PASSWORD, autocomplete: "new-password" };
const AGAIN = { ...NEW_PASSWORD, name: "passwordConfirm", label: "Password again" };

const install = (token) =>
  form({
    title: "The first superuser",
    hint: "A superuser may see and change everything on this server.",
    fields: [EMAIL, NEW_PASSWORD, AGAIN],
    deed: "Create",
    done: "The superuser has been created and can sign in now.",
    url: api("collections/_superusers/records"),
    token,
  });

const verify = async (token) => {
  say("Verification", "One moment…");
  const failure = await send(api("collections/" + collection(token) + "/confirm-verification"), { token });
  say("Verification", failure ? "The link is no longer good. Please ask for a new one."
                              : "Your e-mail address has been verified. You may close this page.");
};

const reset = (token) =>
  form({
    title: "A new password",
    hint: "For " + (claims(token).email ?? "your account") + ". It signs you out everywhere.",
    fields: [NEW_PASSWORD, AGAIN],
    deed: "Set the password",
    done: "The password has been changed. You may close this page and sign in with it.",
    url: api("collections/" + collection(token) + "/confirm-password-reset"),
    extra: { token },
  });

const changeEmail = (token) =>
  form({
    title: "A new e-mail address",
    hint: "Please confirm with your password that " + (claims(token).newEmail ?? "this") + " is your address.",
    fields: [PASSWORD],
    deed: "Confirm",
    done: "The address has been changed. You may close this page and sign in with it.",
    url: api("collections/" + collection(token) + "/confirm-email-change"),
    extra: { token },
  });

const close = (title, text) => () => {
  say(title, text);
  window.close();
};

const PAGES = {
  "pbinstall": install,
  "auth/confirm-verification": verify,
  "auth/confirm-password-reset": reset,
  "auth/confirm-email-change": changeEmail,
  "auth/oauth2-redirect-success": close("Signed in", "You may close this window and go back to the application."),
  "auth/oauth2-redirect-failure": close("Not signed in", "You may close this window and try again."),
};

const address = () => {
  const text = location.hash.replace(/^#\/?/, "");
  try {
    return decodeURI(text);
  } catch {
    return text;
  }
};

const route = () => {
  const path = address();
  const name = Object.keys(PAGES).find((page) => path === page || path.startsWith(page + "/"));
  if (name) PAGES[name](path.slice(name.length + 1));
  else say("Reeve", "The server is running. It is used by its API and its command line.");
};

window.addEventListener("hashchange", route);
route();
