"""Students and courses, many to many: enrolments are read from one side by the table, from the other by an index."""

from __future__ import annotations

import datetime as dt

from marshmallow import fields, validate

import dynamorm
from dynamorm import Composite, DynaModel, GlobalIndex, HashKeyExists, ManyToOne, ProjectAll, Transaction, local


class School(DynaModel):
    class Table:
        name = "school"
        hash_key = "pk"
        range_key = "sk"
        discriminator = "kind"
        billing_mode = "PAY_PER_REQUEST"
        abstract = True

    class Reversed(GlobalIndex):
        """Has the two parts of the table's key the other way round."""

        name = "reversed"
        hash_key = "sk"
        range_key = "pk"
        projection = ProjectAll()


class Student(School):
    pk = Composite("STUDENT#{student}")
    sk = Composite("STUDENT#{student}")

    class Schema:
        student = fields.String(required=True)
        name = fields.String(required=True)


class Course(School):
    pk = Composite("COURSE#{course}")
    sk = Composite("COURSE#{course}")

    class Schema:
        course = fields.String(required=True)
        title = fields.String(required=True)
        seats = fields.Integer(required=True, validate=validate.Range(min=0))


class Enrolment(School):
    pk = Composite("STUDENT#{student}")
    sk = Composite("COURSE#{course}")

    class Schema:
        student = fields.String(required=True)
        course = fields.String(required=True)
        since = fields.Date(required=True)
        grade = fields.Integer()

    whose = ManyToOne(Student, on="student", back_reference="enrolment")
    what = ManyToOne(Course, on="course", back_reference="enrolment", back_index="Reversed")


def enrol(student: str, course: str) -> str:
    """Take a seat for a student, who cannot take two in one course."""
    enrolment = Enrolment(student=student, course=course, since=dt.date(2026, 9, 1))
    try:
        with Transaction() as tx:
            tx.save(enrolment, unique=True)
            tx.update(Course, course=course, seats__minus=1, conditions={"seats__gte": 1})
    except dynamorm.TransactionCanceled as canceled:
        reasons = [type(reason.error) for reason in canceled.failed]
        is_double = any(issubclass(reason, HashKeyExists) for reason in reasons)
        return "enrolled already" if is_double else "no seat left"
    return "enrolled"


def main() -> None:
    dynamorm.create_tables(Student, Course, Enrolment)
    for student, name in (("s1", "Ann"), ("s2", "Bob"), ("s3", "Cy")):
        Student(student=student, name=name).save()
    Course(course="math#1", title="Numbers", seats=2).save()
    Course(course="art", title="Colours", seats=5).save()

    for student, course in (("s1", "math#1"), ("s1", "art"), ("s2", "math#1"), ("s2", "math#1"), ("s3", "math#1")):
        print(student, course, enrol(student, course))

    ann = Student.require(student="s1")
    print("Ann's:", [enrolment.course for enrolment in ann.enrolments])
    print("Ann and all that is hers:", [type(item).__name__ for item in School.query(pk=ann.pk)])
    math = Course.require(course="math#1")
    print(
        "in",
        math.title,
        "by the index:",
        [enrolment.student for enrolment in Enrolment.Reversed.query(course="math#1")],
    )
    print(
        "and by name:", [one.whose.name for one in Enrolment.whose.prefetch(math.enrolments)], math.seats, "seats left"
    )
    print("course and students at once:", [type(item).__name__ for item in School.Reversed.query(sk=math.sk)])

    first = Enrolment.require(student="s1", course="math#1")
    first.update(grade=1)
    print("of", first.what.title, "by", first.whose.name, "with grade", first.grade, "under", first.pk, first.sk)
    print("graded:", Enrolment.Reversed.query(course="math#1", grade=1).count())
    print("gone:", ann.enrolments.delete(), "left:", [enrolment.student for enrolment in math.enrolments])


if __name__ == "__main__":
    with (
        local.start() as engine,
        dynamorm.using(
            endpoint_url=engine.endpoint_url,
            region_name="us-east-1",
            aws_access_key_id="local",
            aws_secret_access_key="local",
        ),
    ):
        main()
