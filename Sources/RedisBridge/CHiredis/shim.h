// hiredis, Redis's client library.
#pragma once
#include <hiredis/hiredis.h>
#include <hiredis/async.h>
