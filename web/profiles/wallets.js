const CHOSEN = "darkroom.wallet.program";
const UNNAMED = "Browser wallet";
const REFUSED = 4001;
const PENDING = -32002;
const UNKNOWN_CHAIN = 4902;

/** What a wallet did not do; `message` is fit to be shown. */
export class WalletError extends Error {
  constructor(error, what) {
    super(inWords(error, what));
    this.name = "WalletError";
    this.code = error?.code ?? error?.data?.originalError?.code ?? null;
  }
}

function inWords(error, what) {
  const code = error?.code ?? error?.data?.originalError?.code;
  if (code === REFUSED) return `Your wallet was asked ${what}, and said no.`;
  if (code === PENDING) return "Your wallet is asking you something already. Open it and answer there.";
  if (code === UNKNOWN_CHAIN) return "Your wallet doesn't know this chain. Add it there, then try again.";
  const said = typeof error?.message === "string" ? error.message.slice(0, 200) : "";
  return `Your wallet could not do that${said ? `: ${said}` : "."}`;
}

function hexOf(text) {
  const bytes = [...new TextEncoder().encode(text)];
  return `0x${bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

/** A wallet in the browser, by EIP-1193. All throw WalletError. */
export class Wallet {
  /** @param {string} id by what it is known again after a reload */
  constructor(id, name, provider) {
    this.id = id;
    this.name = name;
    this.provider = provider;
  }

  async #ask(what, method, params = []) {
    try {
      return await this.provider.request({ method, params });
    } catch (error) {
      throw new WalletError(error, what);
    }
  }

  async accounts() {
    const accounts = await this.#ask("which account to use", "eth_requestAccounts");
    if (accounts.length === 0) throw new WalletError({ message: "it has no account" });
    return accounts;
  }

  async address() {
    return (await this.accounts())[0];
  }

  /** The id of the chain that it is on. */
  async chain() {
    return Number(await this.#ask("which chain it is on", "eth_chainId"));
  }

  sign(message, address) {
    return this.#ask("to sign in", "personal_sign", [hexOf(message), address]);
  }

  async switchTo(chain) {
    if ((await this.chain()) === chain) return;
    await this.#ask("to change the chain", "wallet_switchEthereumChain", [{ chainId: `0x${chain.toString(16)}` }]);
    // Some say yes before they have done it.
    if ((await this.chain()) !== chain) throw new WalletError({ message: `it is not on chain ${chain}` });
  }

  /** Sends a transaction; gives its hash. */
  pay(transaction) {
    return this.#ask("to pay", "eth_sendTransaction", [transaction]);
  }
}

/** The wallets of this browser, as they show up: by EIP-6963, else the one that window.ethereum is. Fires `changed`. */
export class Wallets extends EventTarget {
  #found = new Map();

  constructor() {
    super();
    addEventListener("eip6963:announceProvider", ({ detail }) => this.#announced(detail));
    // One that loads slowly says so.
    addEventListener("ethereum#initialized", () => this.#fire(), { once: true });
  }

  find() {
    dispatchEvent(new Event("eip6963:requestProvider"));
    this.#fire();
  }

  #announced({ info, provider } = {}) {
    if (typeof info?.rdns !== "string" || typeof provider?.request !== "function") return;
    const name = typeof info.name === "string" && info.name.trim() ? info.name.slice(0, 40) : UNNAMED;
    this.#found.set(info.rdns, new Wallet(info.rdns, name, provider));
    this.#fire();
  }

  #fire() {
    this.dispatchEvent(new Event("changed"));
  }

  get all() {
    const found = [...this.#found.values()];
    const { ethereum } = globalThis;
    return found.length === 0 && ethereum?.request ? [new Wallet("window.ethereum", UNNAMED, ethereum)] : found;
  }

  /** The one that was chosen last, if it is there; else the only one; else null. */
  get chosen() {
    const { all } = this;
    return all.find(({ id }) => id === localStorage.getItem(CHOSEN)) ?? (all.length === 1 ? all[0] : null);
  }

  choose(wallet) {
    localStorage.setItem(CHOSEN, wallet.id);
  }
}
