import { backoff, pause } from "../pause.js";

const KEPT = "darkroom.profile.payment";
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
    if (this.kept?.hash) this.#pass();
  }

  close() {
    this.#ended.abort();
  }

  /** {asked: when a wallet was asked to pay, hash: what it gave}; null where neither is. */
  get kept() {
    try {
      return JSON.parse(localStorage.getItem(this.key));
    } catch {
      return null;
    }
  }

  #keep(kept) {
    if (kept) localStorage.setItem(this.key, JSON.stringify(kept));
    else localStorage.removeItem(this.key);
    this.#changed();
  }

  #changed() {
    if (!this.#ended.signal.aborted) this.dispatchEvent(new Event("changed"));
  }

  /** Whether a hash is on its way to the server. */
  get telling() {
    return this.#telling;
  }

  /** Has a wallet pay. @throws {WalletError} and then nothing was paid, as far as the wallet says */
  async pay(wallet, quote) {
    await this.#prepare(wallet, quote);
    this.#keep({ asked: Date.now() });
    let hash;
    try {
      hash = await wallet.pay(transactionOf(quote));
    } catch (error) {
      this.#keep(null);
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
    this.#keep({ asked: Date.now(), hash });
    return this.#pass();
  }

  /** What was asked of the wallet does not matter any more. */
  forget() {
    this.#keep(null);
  }

  async #pass() {
    if (this.#telling) return;
    this.#telling = true;
    this.trouble = "";
    const { signal } = this.#ended;
    for (let failures = 0; !signal.aborted && this.kept?.hash; failures += 1) {
      try {
        await this.tell(this.kept.hash);
        this.#keep(null);
      } catch (error) {
        this.trouble = error.message;
        // Told no, there is no use in telling it again; but for 401, after which one signs in again.
        if (!error.passing && error.status !== 401) this.#keep(null);
        if (!error.passing) break;
        this.#changed();
        await pause(backoff(failures, 10_000), signal);
      }
    }
    this.#telling = false;
    this.#changed();
  }
}
