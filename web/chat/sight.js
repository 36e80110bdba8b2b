const works = new WeakMap();

const observer = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    observer.unobserve(target);
    works.get(target)();
  }
});

/** Does something once, as soon as an element is on the screen of a page that is looked at. */
export function whenSeen(element, work) {
  works.set(element, work);
  observer.observe(element);
}
