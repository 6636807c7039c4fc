# cython: language_level=3
# Dates and times by `cpython.datetime`.
from cpython.datetime cimport *
cimport cpython.datetime as cdt
from cpython.datetime cimport datetime as D, PyDateTime_Check, timedelta
import datetime as pydt
import_datetime()
def dates(y, m, d):
    return date_new(y, m, d)

def moments(*x):
    return datetime_new(x[0], x[1], x[2], x[3], x[4], x[5], x[6], x[7])

def folded(tz):
    return datetime_new(2020, 1, 2, 3, 4, 5, 6, tz, 1)

def times(h, tz):
    return time_new(h, 1, 2, 3, tz), time_new(h, 1, 2, 3, tz, 1)

def differences(x, y, z):
    return timedelta_new(x, y, z)

def checks(o):
    return PyDate_Check(o), PyDate_CheckExact(o), PyDateTime_Check(o), PyDateTime_CheckExact(o), PyDelta_Check(o), PyTime_Check(o), PyTZInfo_Check(o), PyDelta_CheckExact(o), PyTime_CheckExact(o), PyTZInfo_CheckExact(o)

def parts_of_date(o):
    return date_year(o), date_month(o), date_day(o), PyDateTime_GET_YEAR(o)

def parts_of_moment(o):
    return datetime_year(o), datetime_month(o), datetime_day(o), datetime_hour(o), datetime_minute(o), datetime_second(o), datetime_microsecond(o), datetime_tzinfo(o), PyDateTime_DATE_GET_HOUR(o)

def parts_of_time(o):
    return time_hour(o), time_minute(o), time_second(o), time_microsecond(o), time_tzinfo(o), time_fold(o), PyDateTime_TIME_GET_HOUR(o)

def parts_of_difference(o):
    return timedelta_days(o), timedelta_seconds(o), timedelta_microseconds(o), total_seconds(o), PyDateTime_DELTA_GET_DAYS(o)

def made(t):
    return date_from_timestamp(t), datetime_from_timestamp(t, get_utc()), timezone_new(timedelta_new(0, 3600, 0), "X"), timezone_new(timedelta_new(0, 3600, 0)), get_utc()

def moment_given(datetime x):
    return x.year, x.isoformat(), isinstance(x, datetime), isinstance(x, date)

def date_given(date x not None):
    return x.year + x.month

def variable(x):
    cdef D y = x
    return y.hour
def checked_cast(x):
    return (<datetime?>x).minute

def added(x):
    cdef timedelta t = x
    return t + t, t.days
cdef datetime as_moment(x): return x
def result(x):
    return as_moment(x)

def together(cdt.date x, cdt.timedelta y):
    return x + y

def repeated(datetime x, int n):
    cdef int t = 0, i
    for i in range(n): t += x.year + datetime_month(x)
    return t
def none_by_default(datetime x=None):
    return x is None

