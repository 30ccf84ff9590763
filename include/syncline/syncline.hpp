// All of Syncline's public API.
#pragma once

#include "syncline/changes.hpp"
#include "syncline/conflict.hpp"
#include "syncline/counter.hpp"
#include "syncline/data_object.hpp"
#include "syncline/error.hpp"
#include "syncline/handle.hpp"
#include "syncline/path.hpp"
#include "syncline/set.hpp"
#include "syncline/syncer.hpp"
#include "syncline/value.hpp"
