// Shows whether the node that served this page takes clients, and keeps asking.

const output = /** @type {HTMLOutputElement} */ (document.getElementById("status"));

async function ask() {
  let state = "unreachable";
  try {
    const response = await fetch("/readyz", { cache: "no-store", signal: AbortSignal.timeout(2000) });
    state = (await response.text()).trim();
  } catch {
    // Whatever went wrong, the node could not be asked.
  }
  output.textContent = state;
  output.dataset.state = state;
  setTimeout(ask, 2000);
}

ask();
