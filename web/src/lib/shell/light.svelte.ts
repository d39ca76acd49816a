// How bright this desk's screen is: as it comes, or dimmed for a dark room. Kept in this browser.

const STORED_AS = 'patrol.light';

class Light {
  dim = $state(localStorage.getItem(STORED_AS) === 'dim');

  toggle(): void {
    this.dim = !this.dim;
    localStorage.setItem(STORED_AS, this.dim ? 'dim' : 'full');
  }
}

export const light = new Light();
