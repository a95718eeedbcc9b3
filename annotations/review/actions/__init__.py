from annotations.review.actions.answering import let_stand, save_draft, submit, undo
from annotations.review.actions.asking import ask, reply, save_reply, stop_waiting
from annotations.review.actions.assigning import Assigned, Refusal, assign, assign_many, give_back_all, take_back
from annotations.review.actions.drafting import answer_first, save_finals
from annotations.review.actions.gaps import flag_gap, withdraw_gap
from annotations.review.actions.gold import lift_pause, mark_gold, retire_gold
from annotations.review.actions.leaving import change_member, dismiss, leave
from annotations.review.actions.queue import begin, claim_next, skip, steer
from annotations.review.actions.settings import set_review_settings
from annotations.review.actions.settling import Basis, adjudicate, open_appeal
from annotations.review.opening import open_case

__all__ = [
    "Assigned",
    "Basis",
    "Refusal",
    "adjudicate",
    "answer_first",
    "ask",
    "assign",
    "assign_many",
    "begin",
    "change_member",
    "claim_next",
    "dismiss",
    "flag_gap",
    "give_back_all",
    "leave",
    "let_stand",
    "lift_pause",
    "mark_gold",
    "open_appeal",
    "open_case",
    "reply",
    "retire_gold",
    "save_draft",
    "save_finals",
    "save_reply",
    "set_review_settings",
    "skip",
    "steer",
    "stop_waiting",
    "submit",
    "take_back",
    "undo",
    "withdraw_gap",
]
