"""How much is needed for an interval of 95 % to hold what it says: measured, in docs/agreement.md."""

FEWEST_ITEMS = 50
FEWEST_OTHERS = 10  # ratings other than the commonest
FEWEST_CONTESTED = 5  # items in which the commonest value has no majority
