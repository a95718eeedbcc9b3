from rest_framework.pagination import CursorPagination


class KeysetPagination(CursorPagination):
    """Pages by position in the id order, so that page 1,000 costs what page 1 does."""

    ordering = "-id"
    page_size_query_param = "page_size"
    max_page_size = 200
