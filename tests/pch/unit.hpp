// What every unit test includes, compiled once for a program.
#pragma once

#include "catch.hpp"
