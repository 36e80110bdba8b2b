import { element, onSubmit } from "../elements.js";
import { momentInWords } from "../words.js";
import { Paying } from "./paying.js";
import { Surely } from "./surely.js";
import { amountInWords, sentence, shortly } from "./words.js";

const HASH = /^0x[0-9a-fA-F]{64}$/;
const WALLETLESS = "There is no wallet in this browser: pay from elsewhere.";
const TWICE = "Pay a second time?";
const PAYABLE = ["draft", "awaiting_payment"];
const SETTLED = ["seen", "confirmed", "waived"];

function priceInWords({ amount, decimals, symbol }) {
  return [amountInWords(amount, decimals), symbol].filter(Boolean).join(" ");
}

/** What is to be paid and how far that is, with the ways to do it. */
export class PaymentView {
  #quote = null;
  #paying = null;
  #edition = null;
  #surely = new Surely(() => this.#show());
  #busy = false;

  /**
   * @param {Record<string, HTMLElement>} parts box, amount, recipient, copy, chain, payer, state, bar, ways, message, form,
   *   hash
   * @param {import("./wallets.js").Wallets} wallets
   * @param {(hash: string) => Promise<object>} tell gives a hash to the server
   */
  constructor(parts, wallets, tell) {
    this.parts = parts;
    this.wallets = wallets;
    this.tell = tell;
    this.ended = new AbortController();
    wallets.addEventListener("changed", () => this.#show(), { signal: this.ended.signal });
    parts.copy.onclick = () => this.#copy();
    onSubmit(parts.form, () => this.#told());
  }

  close() {
    this.ended.abort();
    this.#surely.close();
    this.#paying?.close();
    this.#paying = null;
  }

  /** @param {object | null} edition on its way, with its quote as `payment` */
  show(edition) {
    const id = edition?.edition_id ?? null;
    if (this.#edition !== id) {
      this.#paying?.close();
      this.#paying = id ? new Paying(id, this.tell) : null;
      this.#paying?.addEventListener("changed", () => this.#heard());
      this.#edition = id;
      this.#surely.close();
      this.#say("");
    }
    const { state, payment } = edition ?? {};
    this.#quote = state === "awaiting_payment" ? payment : null;
    if (this.#isOver(state, payment)) this.#paying.forget();
    else if (PAYABLE.includes(state)) this.#paying?.look();
    this.#show();
  }

  // Once the server has seen it, or nothing is to be paid any more, what the wallet was asked for does not matter.
  #isOver(state, payment) {
    const kept = this.#paying?.kept;
    return Boolean(kept) && (SETTLED.includes(payment?.status) || (kept.hashes.length === 0 && !PAYABLE.includes(state)));
  }

  #heard() {
    this.#say(this.#paying?.trouble ?? "");
    this.#show();
  }

  #say(text) {
    this.parts.message.textContent = text;
  }

  #show() {
    const quote = this.#quote;
    const { box, state, bar } = this.parts;
    box.hidden = !quote;
    if (!quote) return;
    const byChain = quote.provider === "evm";
    box.classList.toggle("is-by-chain", byChain);
    this.parts.amount.textContent = byChain ? priceInWords(quote) : "As agreed with the operator";
    this.parts.recipient.textContent = quote.recipient ?? "";
    this.parts.payer.textContent = quote.payer ?? "";
    this.parts.chain.textContent = quote.chain_id ?? "";
    state.textContent = this.#inWords(quote);
    const { confirmations = 0, confirmations_needed: needed = 0 } = quote;
    bar.hidden = quote.status !== "seen" || needed < 2;
    Object.assign(bar, { max: Math.max(1, needed), value: confirmations });
    this.#showWays(quote);
  }

  #inWords(quote) {
    const kept = this.#paying?.kept;
    const { confirmations, confirmations_needed: needed } = quote;
    if (quote.status === "seen") return `Seen on the chain: ${confirmations} of ${needed} confirmations.`;
    const hash = this.#paying?.hash;
    if (hash) return `Paid by ${shortly(hash)}; Darkroom is being told.`;
    const said = sentence(quote.reason);
    if (!kept) return said;
    const when = momentInWords(new Date(kept.asked).toISOString());
    return `Your wallet was asked to pay (${when}). If you said yes there, wait: it is found by itself. ${said}`.trim();
  }

  #showWays(quote) {
    const open = quote.provider === "evm" && quote.status === "due" && !this.#paying.hash;
    const ways = [...this.parts.box.querySelectorAll("[data-way]")];
    for (const way of ways) way.hidden = !open;
    if (!open) return;
    const { all, chosen } = this.wallets;
    const offered = chosen ? [chosen] : all;
    const again = this.#paying.kept || quote.tx_hash;
    const label = (wallet) => (this.#surely.asked && again ? TWICE : `Pay with ${wallet.name}`);
    const key = offered.map((wallet) => wallet.id + label(wallet)).join();
    if (this.parts.ways.dataset.shown === key) return;
    this.parts.ways.dataset.shown = key;
    const focused = this.parts.ways.contains(document.activeElement);
    const button = (wallet) => element("button", {
      type: "button",
      className: "primary",
      textContent: label(wallet),
      onclick: (event) => this.#pay(wallet, event),
    });
    const none = element("p", { className: "quiet", textContent: WALLETLESS });
    this.parts.ways.replaceChildren(...(offered.length > 0 ? offered.map(button) : [none]));
    if (focused) this.parts.ways.querySelector("button")?.focus();
  }

  // One payment may be on its way already: a second one takes the same button twice.
  async #pay(wallet, event) {
    if (this.#busy) return;
    const again = this.#paying.kept || this.#quote.tx_hash;
    if (again && !this.#surely.press(wallet.id, event)) return;
    this.#busy = true;
    this.#say("");
    const paying = this.#paying;
    try {
      await paying.pay(wallet, this.#quote);
    } catch (error) {
      this.#say(error.message);
    }
    this.#busy = false;
    this.#show();
  }

  async #told() {
    if (!this.#paying) return;
    const hash = this.parts.hash.value.trim();
    if (!HASH.test(hash)) {
      this.#say("That is no transaction's hash: it begins with 0x and has 64 digits after it.");
      return;
    }
    this.#say("");
    const paying = this.#paying;
    await paying.take(hash);
    if (!paying.trouble) this.parts.hash.value = "";
  }

  async #copy() {
    try {
      await navigator.clipboard.writeText(this.#quote.recipient);
      this.#say("The address is copied.");
    } catch {
      getSelection().selectAllChildren(this.parts.recipient);
      this.#say("Copy the address that is marked.");
    }
  }
}
