from annotations.accounts.models import Project
from annotations.rubrics.models import Rubric, RubricVersion


def current_version(project: Project, kind: Rubric.SubjectKind) -> RubricVersion | None:
    """The newest version of the project's rubric for this kind of subject."""
    versions = RubricVersion.objects.filter(rubric__project=project, rubric__subject_kind=kind)
    return versions.select_related("rubric").order_by("-published_at").first()
