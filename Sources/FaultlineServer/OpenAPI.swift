#if Server
/// The description of the HTTP API, served at `/api/openapi.json`. A test holds it against the routes and their answers.
enum OpenAPI {
  static let document = #"""
    {
      "openapi": "3.1.0",
      "info": {
        "title": "Faultline",
        "version": "1",
        "description": "Evidence of failed Windows machines in, answers out. Documents are described in ReportSchema.md; every JSON document names its schema."
      },
      "security": [{}, {"token": []}, {"session": []}],
      "paths": {
        "/api/cases": {
          "get": {
            "operationId": "listCases",
            "summary": "Cases, the newest first",
            "parameters": [
              {"name": "state", "in": "query", "schema": {"$ref": "#/components/schemas/State"}},
              {"name": "q", "in": "query", "description": "Words that the name, answer or machine holds", "schema": {"type": "string"}},
              {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 200}},
              {"name": "before", "in": "query", "description": "Only cases older than this one", "schema": {"type": "string"}}
            ],
            "responses": {
              "200": {"description": "The cases", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/CaseList"}}}},
              "default": {"$ref": "#/components/responses/Error"}
            }
          },
          "post": {
            "operationId": "createCase",
            "summary": "Evidence in: a case is made, kept and queued",
            "requestBody": {
              "required": true,
              "content": {
                "multipart/form-data": {
                  "schema": {
                    "type": "object",
                    "properties": {
                      "name": {"type": "string", "maxLength": 200},
                      "evidence": {
                        "type": "array",
                        "description": "Files; each file's name may have folders before it. Archives (zip, tar, compressed tar) are unpacked.",
                        "items": {"type": "string", "contentMediaType": "application/octet-stream"}
                      },
                      "stop": {"type": "string"}, "parameters": {"type": "string"}, "module": {"type": "string"},
                      "version": {"type": "string"}, "symbol": {"type": "string"}, "tag": {"type": "string"},
                      "pool": {"type": "string"}, "product": {"type": "string"}, "pack": {"type": "string"},
                      "architecture": {"type": "string"}, "process": {"type": "string"}, "observed": {"type": "string"}
                    }
                  }
                },
                "application/json": {"schema": {"$ref": "#/components/schemas/Symptoms"}}
              }
            },
            "responses": {
              "201": {
                "description": "The case, which is on the server's disk by now",
                "headers": {"Location": {"schema": {"type": "string"}}},
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Case"}}}
              },
              "default": {"$ref": "#/components/responses/Error"}
            }
          }
        },
        "/api/cases/{id}": {
          "parameters": [{"$ref": "#/components/parameters/Id"}],
          "get": {
            "operationId": "readCase",
            "summary": "A case, with its diagnosis once it is done",
            "responses": {
              "200": {"description": "The case", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Case"}}}},
              "default": {"$ref": "#/components/responses/Error"}
            }
          },
          "delete": {
            "operationId": "deleteCase",
            "summary": "Deletes a case, its answer, and its evidence where no other case holds the same",
            "responses": {
              "204": {"description": "It is gone"},
              "default": {"$ref": "#/components/responses/Error"}
            }
          }
        },
        "/api/cases/{id}/diagnosis": {
          "parameters": [{"$ref": "#/components/parameters/Id"}],
          "get": {
            "operationId": "readDiagnosis",
            "summary": "A done case's diagnosis alone",
            "responses": {
              "200": {"description": "faultline.diagnosis/1", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Document"}}}},
              "default": {"$ref": "#/components/responses/Error"}
            }
          }
        },
        "/api/cases/{id}/text": {
          "parameters": [{"$ref": "#/components/parameters/Id"}],
          "get": {
            "operationId": "readText",
            "summary": "A done case's answer as `faultline diagnose` prints it",
            "responses": {
              "200": {"description": "The answer", "content": {"text/plain": {"schema": {"type": "string"}}}},
              "default": {"$ref": "#/components/responses/Error"}
            }
          }
        },
        "/api/cases/{id}/cancel": {
          "parameters": [{"$ref": "#/components/parameters/Id"}],
          "post": {
            "operationId": "cancelCase",
            "summary": "Cancels a case that waits or is worked on",
            "responses": {
              "200": {"description": "The case", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Case"}}}},
              "default": {"$ref": "#/components/responses/Error"}
            }
          }
        },
        "/api/cases/{id}/again": {
          "parameters": [{"$ref": "#/components/parameters/Id"}],
          "post": {
            "operationId": "repeatCase",
            "summary": "Works on an ended case again, by the knowledge of today",
            "responses": {
              "200": {"description": "The case", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Case"}}}},
              "default": {"$ref": "#/components/responses/Error"}
            }
          }
        },
        "/api/cases/{id}/events": {
          "parameters": [{"$ref": "#/components/parameters/Id"}],
          "get": {
            "operationId": "watchCase",
            "summary": "Every change of a case as a server-sent event `case` until it has ended",
            "responses": {
              "200": {"description": "Events whose data are the case", "content": {"text/event-stream": {"schema": {"type": "string"}}}},
              "default": {"$ref": "#/components/responses/Error"}
            }
          }
        },
        "/api/articles": {
          "get": {
            "operationId": "searchArticles",
            "summary": "Articles that answer a search, as `faultline kb search`",
            "parameters": [
              {"name": "q", "in": "query", "required": true, "schema": {"type": "string", "minLength": 1}},
              {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 200}}
            ],
            "responses": {
              "200": {"description": "faultline.search/1", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Document"}}}},
              "default": {"$ref": "#/components/responses/Error"}
            }
          }
        },
        "/api/articles/{id}": {
          "parameters": [{"$ref": "#/components/parameters/Id"}],
          "get": {
            "operationId": "readArticle",
            "summary": "One article or update, as `faultline kb show`",
            "responses": {
              "200": {"description": "faultline.article/1 or faultline.update/1", "content": {"application/json": {"schema": {"type": "object"}}}},
              "default": {"$ref": "#/components/responses/Error"}
            }
          }
        },
        "/api/openapi.json": {
          "get": {
            "operationId": "readDescription",
            "summary": "This document",
            "security": [{}],
            "responses": {"200": {"description": "OpenAPI 3.1", "content": {"application/json": {"schema": {"type": "object"}}}}, "default": {"$ref": "#/components/responses/Error"}}
          }
        },
        "/health": {
          "get": {
            "operationId": "health",
            "summary": "Whether the server answers and its store can be read",
            "security": [{}],
            "responses": {"200": {"description": "It does", "content": {"application/json": {"schema": {"type": "object", "required": ["status"], "properties": {"status": {"const": "ok"}}}}}}, "default": {"$ref": "#/components/responses/Error"}}
          }
        },
        "/metrics": {
          "get": {
            "operationId": "metrics",
            "summary": "Counts in the text form that Prometheus reads",
            "responses": {"200": {"description": "Counts", "content": {"text/plain": {"schema": {"type": "string"}}}}, "default": {"$ref": "#/components/responses/Error"}}
          }
        }
      },
      "components": {
        "securitySchemes": {
          "token": {"type": "http", "scheme": "bearer", "description": "Shown once, at the server's first start; not asked for on the loopback address"},
          "session": {"type": "apiKey", "in": "cookie", "name": "faultline-session"}
        },
        "parameters": {
          "Id": {"name": "id", "in": "path", "required": true, "schema": {"type": "string", "minLength": 1}}
        },
        "responses": {
          "Error": {"description": "Why not, and what to do", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}}
        },
        "schemas": {
          "State": {"enum": ["queued", "running", "done", "failed", "cancelled"]},
          "Error": {
            "type": "object",
            "required": ["schema", "error", "message"],
            "properties": {"schema": {"const": "faultline.error/1"}, "error": {"type": "string"}, "message": {"type": "string"}}
          },
          "Document": {"type": "object", "required": ["schema"], "properties": {"schema": {"type": "string"}}},
          "Symptoms": {
            "type": "object",
            "properties": {
              "schema": {"const": "faultline.symptoms/1"}, "stopCode": {"type": "string"},
              "parameters": {"type": "array", "items": {"type": "string"}}, "module": {"type": "string"},
              "moduleVersion": {"type": "string"}, "stackTop": {"type": "array", "items": {"type": "string"}},
              "poolTag": {"type": "string"}, "pool": {"type": "string"}, "osProduct": {"type": "string"},
              "servicePack": {"type": ["integer", "string"]}, "architecture": {"type": "string"},
              "processName": {"type": "string"}, "loadedModules": {"type": "array", "items": {"type": "string"}},
              "observations": {"type": "array", "items": {"type": "string"}}
            }
          },
          "Case": {
            "type": "object",
            "required": ["schema", "id", "name", "state", "created", "runs", "files", "bytes"],
            "properties": {
              "schema": {"const": "faultline.case/1"}, "id": {"type": "string"}, "name": {"type": "string"},
              "state": {"$ref": "#/components/schemas/State"}, "created": {"type": "string", "format": "date-time"},
              "started": {"type": "string", "format": "date-time"}, "finished": {"type": "string", "format": "date-time"},
              "runs": {"type": "integer"}, "files": {"type": "integer"}, "bytes": {"type": "integer"},
              "problem": {"type": "string"}, "verdict": {"enum": ["confirmed", "probable", "possible", "none"]},
              "answer": {"type": "string"}, "machine": {"type": "string"},
              "progress": {
                "type": "object", "required": ["phase", "done", "total"],
                "properties": {"phase": {"type": "string"}, "done": {"type": "integer"}, "total": {"type": "integer"}}
              },
              "evidence": {
                "type": "array",
                "items": {
                  "type": "object", "required": ["name", "sha256", "bytes"],
                  "properties": {"name": {"type": "string"}, "sha256": {"type": "string"}, "bytes": {"type": "integer"}}
                }
              },
              "stepsDone": {"type": "array", "items": {"type": "string"}},
              "diagnosis": {"$ref": "#/components/schemas/Document"}
            }
          },
          "CaseList": {
            "type": "object",
            "required": ["schema", "cases"],
            "properties": {
              "schema": {"const": "faultline.cases/1"},
              "cases": {"type": "array", "items": {"$ref": "#/components/schemas/Case"}}
            }
          }
        }
      }
    }

    """#
}
#endif
