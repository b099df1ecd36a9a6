// Where one is in a list that may be higher than a browser can scroll.
//
// The spacer is at most `mostHeight`. Below that it is as high as the list and `shift` is 0. Above,
// small scrolls move the list by as many pixels, `shift` being what the two differ by; a scroll that
// only the thumb can make, and every rest, brings them into proportion again.

export const mostHeight = 8_000_000;

export class Track {
  rowHeight = 32;
  view = 0; // height of what is seen
  count = 0;
  top = 0; // of the spacer
  shift = 0;

  // Of the list: the first pixel that is seen.
  get y(): number {
    return this.top + this.shift;
  }

  get height(): number {
    return this.count * this.rowHeight;
  }

  get spacer(): number {
    return Math.min(this.height, mostHeight);
  }

  get first(): number {
    return Math.floor(this.y / this.rowHeight);
  }

  // Behind the last row that is seen.
  get last(): number {
    return Math.min(this.count, Math.ceil((this.y + this.view) / this.rowHeight));
  }

  get #mostTop(): number {
    return Math.max(0, this.spacer - this.view);
  }

  get #mostY(): number {
    return Math.max(0, this.height - this.view);
  }

  // Half of what a pixel of the thumb stands for.
  get #leap(): number {
    return this.spacer / Math.max(1, this.view) / 2;
  }

  // The spacer has been scrolled to `top`: returns where it has to be instead.
  scrolled(top: number): number {
    const by = top - this.top;
    this.top = top;
    if (this.height <= mostHeight) this.shift = 0;
    else if (Math.abs(by) > this.#leap) this.shift = Math.round((top / this.#mostTop) * this.#mostY) - top;
    else if (this.#isAtEdge()) return this.go(this.y);
    return this.top;
  }

  // Shows the list from pixel y on: returns where the spacer has to be.
  go(y: number): number {
    const to = Math.min(Math.max(0, y), this.#mostY);
    this.top = this.height <= mostHeight ? to : Math.round((to / this.#mostY) * this.#mostTop);
    // Both ends are reached together, at the cost of a pixel or two.
    this.shift = this.top === 0 ? 0 : this.top === this.#mostTop ? this.#mostY - this.top : to - this.top;
    return this.top;
  }

  // At rest: where the spacer has to be for its thumb to tell the truth, if anybody could see that
  // it does not.
  rested(): number | undefined {
    if (this.height <= mostHeight) return undefined;
    const due = (this.y / this.#mostY) * this.#mostTop;
    return Math.abs(due - this.top) > this.#leap ? this.go(this.y) : undefined;
  }

  // Of a row that shall be seen whole; undefined where it is.
  reveal(row: number): number | undefined {
    const at = row * this.rowHeight;
    if (at < this.y) return this.go(at);
    return at + this.rowHeight > this.y + this.view ? this.go(at + this.rowHeight - this.view) : undefined;
  }

  // The spacer ends where the list does not, or the other way round.
  #isAtEdge(): boolean {
    const { y, top } = this;
    return y < 0 || y > this.#mostY || (top <= 0 && y > 0) || (top >= this.#mostTop && y < this.#mostY);
  }
}
