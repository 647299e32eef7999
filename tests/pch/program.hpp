// What every test of a program includes, compiled once for it.
#pragma once

#include "catch.hpp"

#include <troupe/troupe.hpp>
