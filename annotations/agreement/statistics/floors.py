"""What α has to reach, and how much is needed for its interval to hold what it says: measured, in docs/agreement.md."""

TENTATIVE = 0.667
RELY = 0.800

FEWEST_ITEMS = 50
FEWEST_OTHERS = 10  # ratings other than the commonest
FEWEST_CONTESTED = 5  # items in which the commonest value has no majority
