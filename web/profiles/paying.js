import { backoff, pause } from "../pause.js";

const KEPT = "darkroom.profile.payment";
const REFUSED = 4001;
const TRANSFER = "a9059cbb"; // transfer(address,uint256) of ERC-20

function word(hex) {
  return hex.replace(/^0x/, "").toLowerCase().padStart(64, "0");
}

function hexOf(number) {
  return `0x${number.toString(16)}`;
}

/** What a wallet has to send for a quote: coin, or a token by its contract. Amounts are whole numbers throughout. */
export function transactionOf({ payer, recipient, token, amount }) {
  const wanted = BigInt(amount);
  if (!token) return { from: payer, to: recipient, value: hexOf(wanted) };
  return { from: payer, to: token, value: "0x0", data: `0x${TRANSFER}${word(recipient)}${word(hexOf(wanted))}` };
}

/**
 * The payment of one edition, as far as this browser is part of it. What a wallet was asked for, and the hash that it gave,
 * are kept until the server knows the hash: a tab that is closed meanwhile loses neither. Fires `changed`.
 */
export class Paying extends EventTarget {
  #telling = false;
  #ended = new AbortController();

  /** @param {(hash: string) => Promise<object>} tell gives a hash to the server */
  constructor(edition, tell) {
    super();
    this.key = `${KEPT}.${edition}`;
    this.tell = tell;
    this.trouble = "";
    this.look();
  }

  close() {
    this.#ended.abort();
  }

  /** {asked: when a wallet was asked to pay, hashes: what it gave and is not told yet}; null where neither is. */
  get kept() {
    try {
      return JSON.parse(localStorage.getItem(this.key));
    } catch {
      return null;
    }
  }

  /** The hash that is told next. */
  get hash() {
    return this.kept?.hashes[0] ?? null;
  }

  #keep(kept) {
    if (kept) localStorage.setItem(this.key, JSON.stringify(kept));
    else localStorage.removeItem(this.key);
    this.#changed();
  }

  #changed() {
    if (!this.#ended.signal.aborted) this.dispatchEvent(new Event("changed"));
  }

  /** Has a wallet pay. @throws {WalletError} and what was known of an earlier payment is known still */
  async pay(wallet, quote) {
    await this.#prepare(wallet, quote);
    const before = this.kept;
    this.#keep({ asked: Date.now(), hashes: before?.hashes ?? [] });
    let hash;
    try {
      hash = await wallet.pay(transactionOf(quote));
    } catch (error) {
      // Only who says no has surely not paid.
      if (before || error.code === REFUSED) this.#keep(before);
      throw error;
    }
    await this.take(hash);
  }

  async #prepare(wallet, { payer, chain_id: chain }) {
    const accounts = await wallet.accounts();
    if (!accounts.some((account) => account.toLowerCase() === payer.toLowerCase())) {
      throw new Error(`Choose the account ${payer} in your wallet: it is the one that you signed in with.`);
    }
    await wallet.switchTo(Number(chain));
  }

  /** Takes the hash of a payment and tells the server, for as long as that takes. */
  take(hash) {
    this.#keep({ asked: Date.now(), hashes: [...(this.kept?.hashes ?? []), hash] });
    return this.look();
  }

  /** What was asked of the wallet does not matter any more. */
  forget() {
    this.#keep(null);
  }

  #told(hash) {
    const { asked, hashes } = this.kept ?? { hashes: [] };
    const left = hashes.filter((other) => other !== hash);
    this.#keep(left.length > 0 ? { asked, hashes: left } : null);
  }

  /** Tells what is not told yet, as far as that is not being done: also what a page before this one was given. */
  async look() {
    if (this.#telling || !this.hash) return;
    this.#telling = true;
    this.trouble = "";
    const { signal } = this.#ended;
    for (let failures = 0; !signal.aborted && this.hash; failures += 1) {
      const { hash } = this;
      try {
        await this.tell(hash);
        this.#told(hash);
      } catch (error) {
        this.trouble = error.message;
        // Told no, there is no use in telling it again. One may have to sign in first; and what is not there may come.
        if (!error.passing && [401, 404].includes(error.status)) break;
        if (!error.passing) this.#told(hash);
        else {
          this.#changed();
          await pause(backoff(failures, 10_000), signal);
        }
      }
    }
    this.#telling = false;
    this.#changed();
  }
}
