// Rises with each wish to read all figures anew: by the button, after a review, after a target was set.
class Refreshed {
  count = $state(0);

  now(): void {
    this.count += 1;
  }
}
export const refreshed = new Refreshed();
