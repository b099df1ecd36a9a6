export const protect = {
  title: "This instance is protected",
  why: "Its settings say so, so that nothing is changed by mistake.",
  unlock: "Unlock for 10 minutes",
  locked: "Protected: unlock for 10 minutes",
  unlocked: (time: string) => `Unlocked until ${time}: lock again`,
};
